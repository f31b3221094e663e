import type { Coupling } from '../network/coupling.ts';
import type { CouplingGroup, FeatureMap } from '../network/couplingGroup.ts';
import { isConsumer, type Network, type Node, type Op } from '../network/network.ts';

/** What a layer has to do with a channel that leaves. */
export type Role = 'makes' | 'passes' | 'reads';

/** One layer that must change when a channel leaves, or a whole group is cut. */
export interface CoupledLayer {
  readonly layer: string;
  readonly op: Op;
  readonly role: Role;
  /** Indices along the layer's channel axis (of its input for `reads`) that leave; ascending. */
  readonly features: readonly number[];
  /** How many the layer has along that axis. */
  readonly of: number;
  /** Why they leave, in a sentence. */
  readonly why: string;
}

/**
 * Everything that leaves with a channel of a group, or with the whole group where no channel is given,
 * in execution order. A layer that reads the channel and makes one that is tied to it stands there twice.
 */
export function coupledLayers(network: Network, { features }: Coupling, group: CouplingGroup, channel?: number): CoupledLayer[] {
  const members = new Set([...group.producers, ...group.passThroughs]);
  const readers = new Set(group.consumers);
  const wanted = (map: FeatureMap) => map.group.length === 0 ? [] : featuresOf(map, group.name, channel);
  return network.nodes.flatMap((node): CoupledLayer[] => {
    const found: CoupledLayer[] = [];
    const input = features.get(node.inputs[0] ?? '');
    if (readers.has(node.id) && input) {
      const read = wanted(input);
      if (read.length > 0) found.push({ layer: node.id, op: node.op, role: 'reads', features: read, of: input.group.length, why: whyRead(node, read.length, channel) });
    }
    const own = features.get(node.id);
    if (members.has(node.id) && own) {
      const held = wanted(own);
      const role = isConsumer(node) ? 'makes' : 'passes';
      if (held.length > 0) found.push({ layer: node.id, op: node.op, role, features: held, of: own.group.length, why: whyHeld(node, held.length, channel) });
    }
    return found;
  });
}

/** `0–3, 9`: indices as runs, of which at most `most` are written out. */
export function indexRuns(indices: readonly number[], most = 6): string {
  const runs: string[] = [];
  for (let start = 0; start < indices.length; ) {
    let end = start;
    while (end + 1 < indices.length && indices[end + 1] === indices[end] + 1) end += 1;
    runs.push(end === start ? String(indices[start]) : `${indices[start]}–${indices[end]}`);
    start = end + 1;
  }
  return runs.length > most ? `${runs.slice(0, most).join(', ')}, … (${indices.length} in all)` : runs.join(', ');
}

export const ROLE_LABELS: Readonly<Record<Role, string>> = { makes: 'made by', passes: 'passes through', reads: 'read by' };

/** "Made by 3 layers, passes through 5 layers, read by 1 layer." */
export function couplingSummary(layers: readonly CoupledLayer[]): string {
  const count = (role: Role) => layers.filter((layer) => layer.role === role).length;
  const [makes, passes, reads] = [count('makes'), count('passes'), count('reads')];
  return `Made by ${layersOf(makes)}, passes through ${layersOf(passes)}, read by ${layersOf(reads)}.`;
}

function layersOf(count: number): string {
  return `${count} ${count === 1 ? 'layer' : 'layers'}`;
}

function featuresOf({ groups, group, component }: FeatureMap, name: string, channel: number | undefined): number[] {
  const index = groups.findIndex((candidate) => candidate.name === name);
  const found: number[] = [];
  group.forEach((of, feature) => {
    if (of === index && (channel === undefined || component[feature] === channel)) found.push(feature);
  });
  return found;
}

function whyRead(node: Node, count: number, channel: number | undefined): string {
  const several = channel !== undefined && count > 1;
  switch (node.op) {
    case 'conv2d':
      return node.attributes.groups > 1
        ? `its ${node.attributes.groups} groups must stay of one width, so the same channel of each leaves`
        : 'its filters lose the weights for this input';
    case 'dense':
      return several ? 'it reads the channel at several places and loses the weights of each' : 'it loses the weights for this input';
    default:
      return 'its filters lose the weights for this input';
  }
}

function whyHeld(node: Node, count: number, channel: number | undefined): string {
  const several = channel !== undefined && count > 1;
  switch (node.op) {
    case 'input':
      return 'the pictures bring it';
    case 'conv2d':
      return node.attributes.groups > 1
        ? `its filter makes it, and its ${node.attributes.groups} groups must stay of one width`
        : 'its filter makes it';
    case 'transposedConv2d':
      return 'its filter makes it';
    case 'dense':
      return 'its row of weights makes it';
    case 'depthwiseConv2d':
      return several ? 'it filters each channel by itself, into several' : 'it filters each channel by itself';
    case 'batchNorm':
    case 'layerNorm':
    case 'rmsNorm':
    case 'groupNorm':
      return 'it has a scale and an offset for each channel';
    case 'prelu':
      return 'it has a slope for each channel';
    case 'add':
    case 'subtract':
      return `it ${node.op === 'add' ? 'adds' : 'subtracts'} channel by channel, so the same one leaves all of its inputs`;
    case 'multiply':
      return 'it multiplies channel by channel (a gate), so the same one leaves all of its inputs';
    case 'concat':
      return 'it joins several layers’ channels, and this is its place among them';
    case 'slice':
      return 'this part of the split has it';
    case 'flatten':
    case 'reshape':
      return several ? 'it lays each channel out at every pixel' : 'it lays the channels out anew';
    case 'permute':
      return 'it turns the axes, channels and all';
    case 'globalAveragePool2d':
    case 'globalMaxPool2d':
    case 'maxPool2d':
    case 'averagePool2d':
      return 'it pools each channel by itself';
    case 'embedding':
    case 'unembedding':
      return 'its table has a column of weights for it';
    case 'positions':
    case 'prependTokens':
      return 'it has a learnt value for each channel';
    case 'patchMerging':
      return 'it lays each channel’s neighbouring pixels side by side';
    case 'rotary':
    case 'attention':
      return several ? 'a head works with all of its features, so they leave together' : 'it works on each head by itself';
    case 'activation':
    case 'rescaling':
    case 'dropout':
    case 'zeroPad2d':
    case 'crop2d':
    case 'resize2d':
      return 'it works on each channel by itself';
  }
}
