import * as z from 'zod/mini';
import { readStatement, sameWidths, widthsOfBlocks } from '../blockWidths.ts';
import { DraftBuilder } from '../draft.ts';
import { UnsupportedHuggingFaceModelError } from '../errors.ts';
import { uniformMlp, type Family } from '../family.ts';
import { rotaryOfConfig } from '../rotaryOfConfig.ts';
import { activationSetting, depth, epsilon, flag, headWidth, parseSettings, requireSettings, sequenceLength, size } from '../settings.ts';

const schema = z.object({
  vocab_size: size, hidden_size: size, num_hidden_layers: depth, num_attention_heads: size, intermediate_size: size, max_position_embeddings: size,
  num_key_value_heads: z.optional(z.nullable(size)),
  head_dim: z.optional(z.nullable(size)),
  hidden_act: z.optional(z.string()),
  rms_norm_eps: z.optional(epsilon),
  attention_bias: flag, mlp_bias: flag, tie_word_embeddings: flag,
});

/** `LlamaForCausalLM` (Touvron et al. 2023): RMS norms before, rotary positions, shared key/value heads, gated MLPs. */
export const llama: Family = {
  reads: 'text',
  prefix: 'model.',
  // frequencies, which the config gives
  unused: /rotary_emb\.(inv_freq|cos_cached|sin_cached)$/,
  depthKey: 'num_hidden_layers',
  mlpSettings: uniformMlp('intermediate_size'),
  headSettings: ({ heads, keyHeads }, headDim) => ({ num_attention_heads: heads, num_key_value_heads: keyHeads, head_dim: headDim }),
  biasSettings: [[/\.self_attn\.[qkvo]_proj$/, 'attention_bias'], [/\.mlp\.(gate|up|down)_proj$/, 'mlp_bias']],
  draft(config, { prefix, inputShape }) {
    requireSettings(config, { sliding_window: [null], layer_types: [null], partial_rotary_factor: [1, null] });
    const c = parseSettings('config.json', schema, config);
    const [width, queries, shared] = [c.hidden_size, c.num_attention_heads, c.num_key_value_heads ?? c.num_attention_heads];
    if (queries % shared !== 0) {
      throw new UnsupportedHuggingFaceModelError(`config.json: "num_attention_heads" (${queries}) must be a multiple of "num_key_value_heads" (${shared}).`);
    }
    const statement = readStatement(config);
    const headDim = c.head_dim ?? headWidth(width, queries);
    const frequencies = rotaryOfConfig(config, headDim);
    const activation = activationSetting('hidden_act', c.hidden_act ?? 'silu');
    const eps = c.rms_norm_eps ?? 1e-6;
    const [attentionBias, mlpBias] = [c.attention_bias ?? false, c.mlp_bias ?? false];
    const usual = sameWidths(c.num_hidden_layers, { mlp: c.intermediate_size, heads: queries, keyHeads: shared });
    const b = new DraftBuilder(statement.biases);
    const embedded = b.embedding(`${prefix}embed_tokens`, b.input([sequenceLength(c.max_position_embeddings, inputShape)], c.vocab_size), c.vocab_size, width);
    let x = embedded;
    for (const [i, { mlp, heads, keyHeads }] of widthsOfBlocks(statement, usual).entries()) {
      const at = `${prefix}layers.${i}`;
      const normed = b.rmsNorm(`${at}.input_layernorm`, x, width, eps);
      const [q, k, v] = ['q', 'k', 'v'].map((name) => b.linear(`${at}.self_attn.${name}_proj`, normed, width, (name === 'q' ? heads : keyHeads) * headDim, attentionBias));
      const [turnedQ, turnedK] = [b.rotary(`${at}.self_attn.q_rotary`, q, headDim, frequencies), b.rotary(`${at}.self_attn.k_rotary`, k, headDim, frequencies)];
      const mixed = b.attention(`${at}.self_attn.heads`, [turnedQ, turnedK, v], { headDim, causal: true });
      const out = b.linear(`${at}.self_attn.o_proj`, mixed, heads * headDim, width, attentionBias);
      x = b.add(`${at}.self_attn.residual`, x, out);
      const read = b.rmsNorm(`${at}.post_attention_layernorm`, x, width, eps);
      const gate = b.activation(`${at}.mlp.act_fn`, b.linear(`${at}.mlp.gate_proj`, read, width, mlp, mlpBias), activation);
      const gated = b.multiply(`${at}.mlp.gated`, gate, b.linear(`${at}.mlp.up_proj`, read, width, mlp, mlpBias));
      const down = b.linear(`${at}.mlp.down_proj`, gated, mlp, width, mlpBias);
      x = b.add(`${at}.mlp.residual`, x, down);
      b.block({ name: at, keys: k, fused: false, out, down, headDim });
    }
    const tied = c.tie_word_embeddings ? embedded : undefined;
    return b.build('llama', b.head('lm_head', b.rmsNorm(`${prefix}norm`, x, width, eps), tied, c.vocab_size, width));
  },
};
