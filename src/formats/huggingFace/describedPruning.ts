import type { Network } from '../../network/network.ts';
import type { BlockWidths, Statement } from './blockWidths.ts';
import type { Block, Draft } from './draft.ts';
import { HuggingFaceExportError } from './errors.ts';
import type { DraftOptions, Family } from './family.ts';
import type { Json } from './settings.ts';

/** A config for a network that was changed since it was opened, and what it cannot say to other readers. */
export interface DescribedPruning {
  readonly config: Json;
  readonly widths: readonly BlockWidths[];
  /** The network, its blocks numbered anew where some have left. */
  readonly network: Network;
  readonly warnings: readonly string[];
}

/**
 * The config of `network`, which came from a model with `original`: widths and depth by the family's
 * own settings as far as its class has some, else under `modhifi`.
 *
 * @throws HuggingFaceExportError where blocks have left a family that stands in stages
 */
export function describePruning(original: Json, network: Network, family: Family, options: DraftOptions): DescribedPruning {
  const { modhifi: _, ...plain } = original;
  const intact = family.draft(plain, options);
  const { renamed, count } = renumbered(network, intact, family);
  const whole = count === intact.blocks.length ? plain : { ...plain, ...(family.depthKey !== undefined && { [family.depthKey]: count }) };
  const usual = family.draft(whole, options);
  const widths = usual.blocks.map((block) => widthsOf(block, (id, axis) => kernelShape(renamed, id)[axis]));
  const before = usual.blocks.map((block) => widthsOf(block, (id, axis) => slotShape(usual, id)[axis]));

  const statement: Record<string, unknown> & Statement = {};
  const warnings: string[] = [];
  const mlp = family.mlpSettings(whole, widths);
  if (!mlp) {
    statement.mlp_widths = widths.map((one) => one.mlp);
    warnings.push(
      'Widths of the MLPs differ between layers, which no class of the transformers library loads; they stand in config.json under "modhifi", which this lab reads. ' +
        'Choose the budget "channels" (one keep fraction for all groups) to get a checkpoint that transformers loads.',
    );
  }
  const headsStay = widths.every(({ heads, keyHeads }, i) => heads === before[i].heads && keyHeads === before[i].keyHeads);
  const [first] = widths;
  const sameHeads = widths.every(({ heads, keyHeads }) => heads === first.heads && keyHeads === first.keyHeads);
  const heads = headsStay ? {} : sameHeads ? family.headSettings?.(first, usual.blocks[0].headDim) : undefined;
  if (!heads) {
    statement.attention_heads = widths.map((one) => one.heads);
    if (widths.some((one) => one.heads !== one.keyHeads)) statement.key_value_heads = widths.map((one) => one.keyHeads);
    warnings.push(
      family.headSettings
        ? 'Numbers of heads differ between layers, which no class of the transformers library loads; they stand in config.json under "modhifi", which this lab reads. ' +
          'Choose the budget "channels" (one keep fraction for all groups) to get a checkpoint that transformers loads.'
        : 'This family’s class always has as many heads as fill the hidden size, so transformers does not load a model with fewer; they stand in config.json under "modhifi", ' +
          'which this lab reads. Protect the groups of heads, and prune MLPs alone, to get a checkpoint that transformers loads.',
    );
  }
  const settings = { ...whole, ...mlp, ...heads, ...headOf(renamed, usual), ...precision(plain) };
  const biased = biases(settings, renamed, family, options);
  if (biased.listed.length > 0) {
    statement.biases = biased.listed;
    warnings.push(
      `Compensation gave a bias to layers that have none in this family’s class (${biased.listed.slice(0, 3).join(', ')}${biased.listed.length > 3 ? ', …' : ''}), which transformers would not load. ` +
        'Compensate by least squares without a bias to get a checkpoint that it loads.',
    );
  }
  const stated = Object.keys(statement).length > 0 ? { modhifi: statement } : {};
  return { config: { ...settings, ...biased.settings, ...stated }, widths, network: renamed, warnings };
}

/** Blocks that have left leave numbers out, which the file counts through. */
function renumbered(network: Network, intact: Draft, family: Family): { readonly renamed: Network; readonly count: number } {
  const present = new Set(network.nodes.map(({ id }) => id));
  const left = intact.blocks.filter(({ out }) => present.has(out));
  if (left.length === intact.blocks.length) return { renamed: network, count: left.length };
  if (family.depthKey === undefined || left.length === 0) {
    throw new HuggingFaceExportError('Whole blocks have left the network, which the config of this family cannot say. Write it as ONNX instead.');
  }
  const rename = (id: string): string => {
    const at = left.findIndex(({ name }) => id.startsWith(`${name}.`));
    return at < 0 ? id : intact.blocks[at].name + id.slice(left[at].name.length);
  };
  const nodes = network.nodes.map((node) => ({ ...node, id: rename(node.id), inputs: node.inputs.map(rename) }));
  return { renamed: { ...network, nodes, outputs: network.outputs.map(rename) }, count: left.length };
}

function widthsOf({ keys, fused, out, down, headDim }: Block, size: (id: string, axis: 0 | 1) => number): BlockWidths {
  const heads = size(out, 0) / headDim;
  return { mlp: size(down, 0), heads, keyHeads: fused ? heads : size(keys, 1) / headDim };
}

function kernelShape({ nodes }: Network, id: string): readonly number[] {
  const node = nodes.find((one) => one.id === id);
  if (node?.op !== 'dense') throw new HuggingFaceExportError(`The layer "${id}" has left the network, or is of another kind; a Hugging Face model needs it. Write it as ONNX instead.`);
  return node.weights.kernel.shape;
}

function slotShape({ nodes }: Draft, id: string): readonly number[] {
  return nodes.find((one) => one.id === id)?.slots['kernel'].shape ?? [];
}

/** A head that has come by weights of its own is no longer tied. */
function headOf({ nodes }: Network, { nodes: drafted }: Draft): Json {
  const head = drafted.find(({ op }) => op === 'unembedding');
  return head && nodes.find(({ id }) => id === head.id)?.op === 'dense' ? { tie_word_embeddings: false } : {};
}

/** Weights are written as float32. */
function precision(config: Json): Json {
  return Object.hasOwn(config, 'dtype') ? { dtype: 'float32' } : { torch_dtype: 'float32' };
}

/** Settings for biases that compensation brought, and the layers for which there is none. */
function biases(config: Json, { nodes }: Network, family: Family, options: DraftOptions): { readonly settings: Json; readonly listed: string[] } {
  const bare = new Set(family.draft(config, options).nodes.filter(({ op, slots }) => op === 'dense' && !slots['bias']).map(({ id }) => id));
  const grown = nodes.filter((node) => node.op === 'dense' && node.weights.bias !== undefined && bare.has(node.id)).map(({ id }) => id);
  const settings: Record<string, boolean> = {};
  const listed = grown.filter((id) => {
    const [, setting] = family.biasSettings.find(([layers]) => layers.test(id)) ?? [];
    if (setting !== undefined) settings[setting] = true;
    return setting === undefined;
  });
  return { settings, listed };
}
