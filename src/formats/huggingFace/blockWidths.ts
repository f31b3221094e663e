import * as z from 'zod/mini';
import { HuggingFaceFileError } from './errors.ts';
import { depth, parseSettings, size, type Json } from './settings.ts';

/** Widths of one block: neurons of the MLP, heads of queries, and of keys and values. */
export interface BlockWidths {
  readonly mlp: number;
  readonly heads: number;
  readonly keyHeads: number;
}

/**
 * What a pruned model's config says under `modhifi`, in the order of the blocks, where its class has
 * no setting for it; heads are of the size that the config's own count of them gives. Other readers of
 * such a file find tensors of other shapes than they expect.
 */
const modhifi = z.object({
  mlp_widths: z.optional(z.array(size)),
  attention_heads: z.optional(z.array(size)),
  key_value_heads: z.optional(z.array(size)),
  /** Layers with a bias that their class gives none. */
  biases: z.optional(z.array(z.string())),
});
export type Statement = z.infer<typeof modhifi>;

/** The statement of a config; empty where it has none. Throws `HuggingFaceFileError`. */
export function readStatement(config: Json): Statement {
  const found = Object.hasOwn(config, 'modhifi') ? config['modhifi'] : undefined;
  if (found === undefined) return {};
  return parseSettings('config.json', z.object({ modhifi }), config).modhifi;
}

/** The widths of all blocks. Throws `HuggingFaceFileError` where a list has not as many entries. */
export function widthsOfBlocks(statement: Statement, usual: readonly BlockWidths[]): readonly BlockWidths[] {
  const at = (key: 'mlp_widths' | 'attention_heads' | 'key_value_heads', i: number): number | undefined => {
    const list = statement[key];
    if (list && list.length !== usual.length) throw new HuggingFaceFileError(`config.json: "modhifi.${key}" has ${list.length} entries for ${usual.length} blocks.`);
    return list?.[i];
  };
  return usual.map(({ mlp, heads, keyHeads }, i) => {
    const stated = at('attention_heads', i);
    return { mlp: at('mlp_widths', i) ?? mlp, heads: stated ?? heads, keyHeads: at('key_value_heads', i) ?? (heads === keyHeads ? stated ?? heads : keyHeads) };
  });
}

/** `count` blocks of the same widths. */
export function sameWidths(count: number, widths: BlockWidths): readonly BlockWidths[] {
  return Array.from({ length: z.parse(depth, count) }, () => widths);
}
