import * as z from 'zod/mini';
import { readStatement, sameWidths, widthsOfBlocks } from '../blockWidths.ts';
import { DraftBuilder, plain } from '../draft.ts';
import { uniformMlp, type Family } from '../family.ts';
import { activationSetting, depth, epsilon, flag, headWidth, parseSettings, requireSettings, sequenceLength, size } from '../settings.ts';

const schema = z.object({
  vocab_size: size, n_embd: size, n_layer: depth, n_head: size, n_positions: size,
  n_inner: z.optional(z.nullable(size)),
  activation_function: z.optional(z.string()),
  layer_norm_epsilon: z.optional(epsilon),
  scale_attn_weights: flag, scale_attn_by_inverse_layer_idx: flag, tie_word_embeddings: flag,
});

/** `GPT2LMHeadModel` (Radford et al. 2019): learnt positions, norms before, queries, keys and values by one layer. */
export const gpt2: Family = {
  reads: 'text',
  prefix: 'transformer.',
  // causal masks
  unused: /\.attn\.(masked_)?bias$/,
  depthKey: 'n_layer',
  mlpSettings: uniformMlp('n_inner'),
  biasSettings: [],
  draft(config, { prefix, inputShape }) {
    requireSettings(config, {});
    const c = parseSettings('config.json', schema, config);
    const statement = readStatement(config);
    const [width, headDim, eps] = [c.n_embd, headWidth(c.n_embd, c.n_head), c.layer_norm_epsilon ?? 1e-5];
    const activation = activationSetting('activation_function', c.activation_function ?? 'gelu_new');
    const usual = sameWidths(c.n_layer, { mlp: c.n_inner ?? 4 * width, heads: c.n_head, keyHeads: c.n_head });
    const b = new DraftBuilder(statement.biases);
    const wte = b.embedding(`${prefix}wte`, b.input([sequenceLength(c.n_positions, inputShape)], c.vocab_size), c.vocab_size, width);
    let x = b.positions(`${prefix}wpe`, wte, plain(`${prefix}wpe.weight`, [c.n_positions, width]));
    for (const [i, { mlp, heads }] of widthsOfBlocks(statement, usual).entries()) {
      const at = `${prefix}h.${i}`;
      const all = heads * headDim;
      const fused = b.conv1d(`${at}.attn.c_attn`, b.layerNorm(`${at}.ln_1`, x, width, eps), width, 3 * all);
      const parts = ['query', 'key', 'value'].map((name, part) => b.slice(`${at}.attn.${name}`, fused, 1, part * all, all));
      const scale = (c.scale_attn_weights === false ? 1 : headDim ** -0.5) / (c.scale_attn_by_inverse_layer_idx ? i + 1 : 1);
      const out = b.conv1d(`${at}.attn.c_proj`, b.attention(`${at}.attn.heads`, parts, { headDim, scale, causal: true }), all, width);
      x = b.add(`${at}.attn.residual`, x, out);
      const up = b.conv1d(`${at}.mlp.c_fc`, b.layerNorm(`${at}.ln_2`, x, width, eps), width, mlp);
      const down = b.conv1d(`${at}.mlp.c_proj`, b.activation(`${at}.mlp.act`, up, activation), mlp, width);
      x = b.add(`${at}.mlp.residual`, x, down);
      b.block({ name: at, keys: fused, fused: true, out, down, headDim });
    }
    const tied = c.tie_word_embeddings === false ? undefined : wte;
    return b.build('gpt2', b.head('lm_head', b.layerNorm(`${prefix}ln_f`, x, width, eps), tied, c.vocab_size, width));
  },
};
