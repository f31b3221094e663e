import * as z from 'zod/mini';
import { readStatement, sameWidths, widthsOfBlocks } from '../blockWidths.ts';
import { DraftBuilder, plain } from '../draft.ts';
import { uniformMlp, type Family } from '../family.ts';
import { pixelInput } from '../pixelInput.ts';
import { activationSetting, depth, headWidth, parseSettings, requireSettings, size } from '../settings.ts';
import { labelCount, pictureSettings, pictureSize } from './pictureSettings.ts';

const schema = z.object({ ...pictureSettings, hidden_size: size, num_hidden_layers: depth, num_attention_heads: size, intermediate_size: size });

/** `ViTForImageClassification` (Dosovitskiy et al. 2021): patches, a class token, learnt positions, norms before. */
export const vit: Family = {
  reads: 'pictures',
  prefix: 'vit.',
  // the classifier does not read the pooler
  unused: /(^|\.)pooler\.dense\.(weight|bias)$/,
  depthKey: 'num_hidden_layers',
  mlpSettings: uniformMlp('intermediate_size'),
  biasSettings: [[/\.attention\.attention\.(query|key|value)$/, 'qkv_bias']],
  draft(config, { prefix, normalisation = { scale: [1], offset: [0] } }) {
    requireSettings(config, { position_embedding_type: ['absolute', null], use_mask_token: [false] });
    const c = parseSettings('config.json', schema, config);
    const statement = readStatement(config);
    const [width, channels, eps] = [c.hidden_size, c.num_channels ?? 3, c.layer_norm_eps ?? 1e-12];
    const headDim = headWidth(width, c.num_attention_heads);
    const activation = activationSetting('hidden_act', c.hidden_act ?? 'gelu');
    const qkvBias = c.qkv_bias ?? true;
    const picture = pictureSize(c.image_size, c.patch_size);
    const tokens = (picture[0] / c.patch_size) * (picture[1] / c.patch_size);
    const usual = sameWidths(c.num_hidden_layers, { mlp: c.intermediate_size, heads: c.num_attention_heads, keyHeads: c.num_attention_heads });
    const b = new DraftBuilder(statement.biases);
    const embeddings = `${prefix}embeddings`;
    const patches = b.patches(`${embeddings}.patch_embeddings.projection`, pixelInput(b, picture, channels, normalisation), channels, width, c.patch_size);
    const row = b.push({ id: `${embeddings}.tokens`, op: 'reshape', inputs: [patches], attributes: { shape: [tokens, width] }, slots: {} });
    const classToken = b.push({
      id: `${embeddings}.cls_token`, op: 'prependTokens', inputs: [row], attributes: {},
      slots: { tokens: plain(`${embeddings}.cls_token`, [1, width], [1, 1, width]) },
    });
    const table = plain(`${embeddings}.position_embeddings`, [tokens + 1, width], [1, tokens + 1, width]);
    let x = b.positions(`${embeddings}.position_embeddings`, classToken, table);
    for (const [i, { mlp, heads }] of widthsOfBlocks(statement, usual).entries()) {
      const at = `${prefix}encoder.layer.${i}`;
      const all = heads * headDim;
      const normed = b.layerNorm(`${at}.layernorm_before`, x, width, eps);
      const parts = ['query', 'key', 'value'].map((name) => b.linear(`${at}.attention.attention.${name}`, normed, width, all, qkvBias));
      const out = b.linear(`${at}.attention.output.dense`, b.attention(`${at}.attention.heads`, parts, { headDim }), all, width);
      x = b.add(`${at}.attention.residual`, x, out);
      const up = b.linear(`${at}.intermediate.dense`, b.layerNorm(`${at}.layernorm_after`, x, width, eps), width, mlp);
      const down = b.linear(`${at}.output.dense`, b.activation(`${at}.intermediate.act`, up, activation), mlp, width);
      x = b.add(`${at}.output.residual`, x, down);
      b.block({ name: at, keys: parts[1], fused: false, out, down, headDim });
    }
    const first = b.slice(`${prefix}class_token`, b.layerNorm(`${prefix}layernorm`, x, width, eps), 0, 0, 1);
    const features = b.push({ id: `${prefix}features`, op: 'flatten', inputs: [first], attributes: {}, slots: {} });
    return b.build('vit', b.linear('classifier', features, width, labelCount(c)));
  },
};
