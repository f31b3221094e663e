import * as z from 'zod/mini';
import { readStatement, sameWidths, widthsOfBlocks } from '../blockWidths.ts';
import { DraftBuilder, plain } from '../draft.ts';
import { UnsupportedHuggingFaceModelError } from '../errors.ts';
import { uniformMlp, type Family } from '../family.ts';
import { activationSetting, depth, flag, headWidth, parseSettings, requireSettings, sequenceLength, size } from '../settings.ts';

const schema = z.object({
  vocab_size: size, hidden_size: size, num_hidden_layers: depth, num_attention_heads: size, ffn_dim: size, max_position_embeddings: size,
  word_embed_proj_dim: z.optional(z.nullable(size)),
  activation_function: z.optional(z.string()),
  enable_bias: flag, layer_norm_elementwise_affine: flag, tie_word_embeddings: flag,
});

/** PyTorch's own, which the class does not change. */
const EPSILON = 1e-5;
/** Rows of the table of positions that no token uses. */
const UNUSED_ROWS = 2;

/** `OPTForCausalLM` (Zhang et al. 2022), with norms before attention and MLP (all but the 350m). */
export const opt: Family = {
  reads: 'text',
  prefix: 'model.',
  unused: /^(?!)/,
  depthKey: 'num_hidden_layers',
  mlpSettings: uniformMlp('ffn_dim'),
  biasSettings: [[/_proj$|fc[12]$/, 'enable_bias']],
  draft(config, { prefix, inputShape }) {
    requireSettings(config, { do_layer_norm_before: [true], _remove_final_layer_norm: [false] });
    const c = parseSettings('config.json', schema, config);
    const width = c.hidden_size;
    if ((c.word_embed_proj_dim ?? width) !== width) {
      throw new UnsupportedHuggingFaceModelError(
        `config.json: "word_embed_proj_dim" is ${c.word_embed_proj_dim}, which is not supported. Supported: ${width}, the hidden_size.`,
      );
    }
    const statement = readStatement(config);
    const headDim = headWidth(width, c.num_attention_heads);
    const activation = activationSetting('activation_function', c.activation_function ?? 'relu');
    const [biased, affine] = [c.enable_bias ?? true, c.layer_norm_elementwise_affine ?? true];
    const usual = sameWidths(c.num_hidden_layers, { mlp: c.ffn_dim, heads: c.num_attention_heads, keyHeads: c.num_attention_heads });
    const b = new DraftBuilder(statement.biases);
    const decoder = `${prefix}decoder`;
    const embedded = b.embedding(`${decoder}.embed_tokens`, b.input([sequenceLength(c.max_position_embeddings, inputShape)], c.vocab_size), c.vocab_size, width);
    const table = plain(`${decoder}.embed_positions.weight`, [c.max_position_embeddings + UNUSED_ROWS, width]);
    let x = b.positions(`${decoder}.embed_positions`, embedded, table, UNUSED_ROWS);
    for (const [i, { mlp, heads }] of widthsOfBlocks(statement, usual).entries()) {
      const at = `${decoder}.layers.${i}`;
      const all = heads * headDim;
      const normed = b.layerNorm(`${at}.self_attn_layer_norm`, x, width, EPSILON, affine);
      const parts = ['q_proj', 'k_proj', 'v_proj'].map((name) => b.linear(`${at}.self_attn.${name}`, normed, width, all, biased));
      const out = b.linear(`${at}.self_attn.out_proj`, b.attention(`${at}.self_attn.heads`, parts, { headDim, causal: true }), all, width, biased);
      x = b.add(`${at}.self_attn.residual`, x, out);
      const up = b.linear(`${at}.fc1`, b.layerNorm(`${at}.final_layer_norm`, x, width, EPSILON, affine), width, mlp, biased);
      const down = b.linear(`${at}.fc2`, b.activation(`${at}.activation_fn`, up, activation), mlp, width, biased);
      x = b.add(`${at}.residual`, x, down);
      b.block({ name: at, keys: parts[1], fused: false, out, down, headDim });
    }
    const tied = c.tie_word_embeddings === false ? undefined : embedded;
    return b.build('opt', b.head('lm_head', b.layerNorm(`${decoder}.final_layer_norm`, x, width, EPSILON, affine), tied, c.vocab_size, width));
  },
};
