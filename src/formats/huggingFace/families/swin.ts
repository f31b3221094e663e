import * as z from 'zod/mini';
import { readStatement, widthsOfBlocks } from '../blockWidths.ts';
import { DraftBuilder, plain } from '../draft.ts';
import { HuggingFaceFileError } from '../errors.ts';
import type { Family } from '../family.ts';
import { pixelInput } from '../pixelInput.ts';
import { activationSetting, headWidth, parseSettings, requireSettings, size, type Json } from '../settings.ts';
import { labelCount, pictureSettings, pictureSize } from './pictureSettings.ts';

const perStage = z.array(size).check(z.minLength(1), z.maxLength(16));
const schema = z.object({
  ...pictureSettings,
  embed_dim: size, depths: perStage, num_heads: perStage, window_size: size,
  mlp_ratio: z.optional(z.number().check(z.gte(1e-3), z.lte(1000))),
});
const MOST_BLOCKS = 1000;
/** PyTorch's own, of the norms that the class builds without the config's. */
const EPSILON = 1e-5;

/** `SwinForImageClassification` (Liu et al. 2021): windows, shifted in every other block; patches merge between stages. */
export const swin: Family = {
  reads: 'pictures',
  prefix: 'swin.',
  unused: /relative_position_index$|\.attn_mask$/,
  mlpSettings(config, widths) {
    const places = blocksOf(parseSettings('config.json', schema, config));
    const ratio = widths[0].mlp / places[0].width;
    return widths.every(({ mlp }, i) => mlp === Math.trunc(places[i].width * ratio)) ? { mlp_ratio: ratio } : undefined;
  },
  biasSettings: [[/\.attention\.self\.(query|key|value)$/, 'qkv_bias']],
  draft(config, { prefix, normalisation = { scale: [1], offset: [0] } }) {
    requireSettings(config, { use_absolute_embeddings: [false], position_embedding_type: ['absolute', null] });
    const c = parseSettings('config.json', schema, config);
    const statement = readStatement(config);
    const [channels, eps, qkvBias] = [c.num_channels ?? 3, c.layer_norm_eps ?? 1e-5, c.qkv_bias ?? true];
    const activation = activationSetting('hidden_act', c.hidden_act ?? 'gelu');
    const places = blocksOf(c);
    const widths = widthsOfBlocks(statement, places.map(({ width, heads, stage }) => ({ mlp: Math.trunc(width * (c.mlp_ratio ?? 4)), heads: c.num_heads[stage], keyHeads: heads })));
    const picture = pictureSize(c.image_size, c.patch_size);
    const b = new DraftBuilder(statement.biases);
    const embeddings = `${prefix}embeddings`;
    const patches = b.patches(`${embeddings}.patch_embeddings.projection`, pixelInput(b, picture, channels, normalisation), channels, c.embed_dim, c.patch_size);
    let x = b.layerNorm(`${embeddings}.norm`, patches, c.embed_dim, EPSILON);
    let side = Math.min(...picture) / c.patch_size;
    for (const [i, { stage, block, width, headDim }] of places.entries()) {
      if (block === 0 && stage > 0) {
        const at = `${prefix}encoder.layers.${stage - 1}.downsample`;
        const merged = b.push({ id: at, op: 'patchMerging', inputs: [x], attributes: { size: [2, 2] }, slots: {} });
        x = b.linear(`${at}.reduction`, b.layerNorm(`${at}.norm`, merged, 2 * width, EPSILON), 2 * width, width, false);
        side = Math.ceil(side / 2);
      }
      const at = `${prefix}encoder.layers.${stage}.blocks.${block}`;
      const { mlp, heads } = widths[i];
      const all = heads * headDim;
      const span = Math.min(c.window_size, side);
      const shift = block % 2 === 1 && side > c.window_size ? Math.floor(c.window_size / 2) : 0;
      const normed = b.layerNorm(`${at}.layernorm_before`, x, width, eps);
      const parts = ['query', 'key', 'value'].map((name) => b.linear(`${at}.attention.self.${name}`, normed, width, all, qkvBias));
      const bias = plain(`${at}.attention.self.relative_position_bias_table`, [(2 * span - 1) ** 2, heads]);
      const window = { size: [span, span], shift: [shift, shift] } as const;
      const out = b.linear(`${at}.attention.output.dense`, b.attention(`${at}.attention.heads`, parts, { headDim, window, bias }), all, width);
      x = b.add(`${at}.attention.residual`, x, out);
      const up = b.linear(`${at}.intermediate.dense`, b.layerNorm(`${at}.layernorm_after`, x, width, eps), width, mlp);
      const down = b.linear(`${at}.output.dense`, b.activation(`${at}.intermediate.act`, up, activation), mlp, width);
      x = b.add(`${at}.output.residual`, x, down);
      b.block({ name: at, keys: parts[1], fused: false, out, down, headDim });
    }
    const last = places[places.length - 1].width;
    const normed = b.layerNorm(`${prefix}layernorm`, x, last, eps);
    const pooled = b.push({ id: `${prefix}pooler`, op: 'globalAveragePool2d', inputs: [normed], attributes: { keepDims: false }, slots: {} });
    return b.build('swin', b.linear('classifier', pooled, last, labelCount(c)));
  },
};

interface Place {
  readonly stage: number;
  readonly block: number;
  readonly width: number;
  /** Of the intact model. */
  readonly heads: number;
  readonly headDim: number;
}

/** Where each block stands, in order. Throws `HuggingFaceFileError`, `UnsupportedHuggingFaceModelError`. */
function blocksOf(c: { readonly embed_dim: number; readonly depths: readonly number[]; readonly num_heads: readonly number[] } & Json): readonly Place[] {
  const count = c.depths.reduce((sum, depth) => sum + depth, 0);
  if (c.depths.length !== c.num_heads.length || count > MOST_BLOCKS) {
    throw new HuggingFaceFileError(`config.json: "depths" must say up to ${MOST_BLOCKS} blocks and have as many entries as "num_heads" (${c.num_heads.length}), found [${c.depths.join(', ')}].`);
  }
  return c.depths.flatMap((depth, stage) => {
    const width = c.embed_dim * 2 ** stage;
    const heads = c.num_heads[stage];
    return Array.from({ length: depth }, (_, block) => ({ stage, block, width, heads, headDim: headWidth(width, heads) }));
  });
}
