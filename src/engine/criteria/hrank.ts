import type { Coupling } from '../../network/coupling.ts';
import type { CouplingGroup, FeatureMap } from '../../network/couplingGroup.ts';
import { nodeById, type Network, type Node, type Shape } from '../../network/network.ts';
import { inferShapes } from '../../network/shapes.ts';
import { prunableGroups } from '../../pruning/keepSets.ts';
import { JobClock } from '../job.ts';
import { ChannelSums } from './groupReads.ts';
import { matrixRank } from './matrixRank.ts';
import type { NetworkCriterion } from './networkCriterion.ts';
import { eachBatch } from '../batches.ts';
import { partOf } from '../imageSource.ts';

/** Channels were to be ranked by their maps and have but one row of values each. */
export class FeatureMapsNeededError extends Error {
  override readonly name = 'FeatureMapsNeededError';
  constructor(group: string, shape: Shape) {
    super(`HRank ranks channels by their feature maps, but those of group "${group}" have one value for each of ${shape[0]} tokens, which have no rows and columns. Use another rule for networks of tokens.`);
  }
}

/** Multiply-adds that all ranks together may take; the paper finds that a few pictures give the same order. */
const MOST_WORK = 4e10;
const LEAST_IMAGES = 8;

/**
 * HRank (Lin et al., CVPR 2020): the mean rank of a channel's feature map over pictures, as a share of full
 * rank, mean over the layers of the group where it is taken: after each activation, and where a group
 * has none after each norm, else after each producer. Of values with maps and values without, the former. Singular values count above the tolerance of
 * `matrix_rank`.
 *
 * A group without maps (dense layers) has values of 1 × 1, whose rank is 1 where they are not 0: its
 * score is the share of pictures that excite the unit. Large maps are ranked on as many of the first
 * pictures as 4 · 10¹⁰ multiply-adds allow, at least 8.
 *
 * @throws FeatureMapsNeededError for tokens in a row, whose channels have no rows and columns
 * @throws CancelledError, DeviceLostError, InputShapeError
 */
export const hrank: NetworkCriterion = async ({ network, coupled, images }, job = {}) => {
  const shapes = inferShapes(network);
  const places = rankedPlaces(network, coupled, shapes);
  const work = places.reduce((sum, { features, rows, columns }) => sum + features.group.length * rows * columns * Math.min(rows, columns) * 4, 0);
  const count = Math.min(images.count, Math.max(LEAST_IMAGES, Math.floor(MOST_WORK / Math.max(1, work))));
  const wanted = places.map(({ id }) => id);
  const [sums, maps] = [new ChannelSums(coupled), new ChannelSums(coupled)];
  const clock = new JobClock(job, count);
  await eachBatch(network, partOf(images, 0, count), wanted, async (values, _first, size) => {
    for (const place of places) {
      const pixels = await values[place.id].data();
      sums.add(place.features, rankShares(pixels as Float32Array, size, place));
      maps.add(place.features, new Float64Array(place.features.group.length).fill(size));
      await clock.breathe();
    }
  }, clock);
  return new Map([...sums.scores].map(([name, own]) => {
    const counts = maps.scores.get(name);
    return [name, own.map((sum, c) => sum / Math.max(1, counts?.[c] ?? 0))];
  }));
};

/** A value whose channels' maps are ranked. */
interface Place {
  readonly id: string;
  readonly features: FeatureMap;
  readonly shape: Shape;
  readonly rows: number;
  readonly columns: number;
}

function rankedPlaces(network: Network, { groups, features }: Coupling, shapes: ReadonlyMap<string, Shape>): Place[] {
  const places = new Map<string, Place>();
  for (const group of prunableGroups(groups)) {
    const members = [...group.producers, ...group.passThroughs].flatMap((id) => {
      const [own, shape] = [features.get(id), shapes.get(id)];
      return own && shape ? [{ id, features: own, shape, ...mapSize(shape, own.axis) }] : [];
    });
    const maps = members.filter(({ rows, columns }) => rows * columns > 1);
    if (maps.length > 0 && maps.every(({ shape }) => shape.length === 2)) throw new FeatureMapsNeededError(group.name, maps[0].shape);
    const chosen = afterActivations(network, group, maps.length > 0 ? maps : members);
    for (const place of chosen) places.set(place.id, place);
  }
  return [...places.values()];
}

function afterActivations<M extends { readonly id: string }>(network: Network, group: CouplingGroup, members: readonly M[]): readonly M[] {
  const of = (wanted: (node: Node) => boolean) => members.filter(({ id }) => wanted(nodeById(network, id)));
  const activations = of(({ op }) => op === 'activation' || op === 'prelu');
  if (activations.length > 0) return activations;
  const norms = of(({ op }) => op === 'batchNorm' || op === 'groupNorm' || op === 'layerNorm' || op === 'rmsNorm');
  if (norms.length > 0) return norms;
  const producers = of(({ id }) => group.producers.includes(id));
  return producers.length > 0 ? producers : members.slice(0, 1);
}

/** The map of one channel: all axes but the channels', those of more than two run together. */
function mapSize(shape: Shape, axis: number): { readonly rows: number; readonly columns: number } {
  const others = shape.filter((_, k) => k !== axis);
  const columns = others.at(-1) ?? 1;
  return { rows: others.slice(0, -1).reduce((product, size) => product * size, 1), columns };
}

/** Per feature, the sum over the images of rank / full rank. */
function rankShares(values: Float32Array, images: number, { features, shape, rows, columns }: Place): Float64Array {
  const count = features.group.length;
  const inner = shape.slice(features.axis + 1).reduce((product, size) => product * size, 1);
  const size = rows * columns;
  const map = new Float64Array(size);
  const shares = new Float64Array(count);
  for (let image = 0; image < images; image++) for (let f = 0; f < count; f++) {
    for (let at = 0; at < size; at++) {
      const outer = Math.floor(at / inner);
      map[at] = values[((image * (size / inner) + outer) * count + f) * inner + (at % inner)];
    }
    shares[f] += matrixRank(map, rows, columns) / Math.min(rows, columns);
  }
  return shares;
}
