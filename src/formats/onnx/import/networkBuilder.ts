import type { Node, NodeOf, Op, Shape } from '../../../network/network.ts';
import { opDefinition } from '../../../network/ops/table.ts';
import { inputShapes, weightsOf } from '../../../network/shapes.ts';
import type { Mover } from '../alignment.ts';
import { movesBetween, sameAxes, type Axis } from '../axisLayout.ts';
import { OnnxFileError } from '../errors.ts';
import { UniqueNames } from '../uniqueNames.ts';
import { isIdentity, featureOf, type Feature } from './value.ts';

/** Values of one picture that a node may have; more would be a damaged size. */
const MOST_VALUES = 2 ** 28;

/** Collects the nodes of a network in execution order, and moves values to where operators need them. */
export class NetworkBuilder implements Mover<Feature> {
  readonly pictureOrder = [1, 2, 0] as const;
  readonly needsLeadingOnes = false;
  readonly #nodes = new Map<string, Node>();
  readonly #shapes = new Map<string, Shape>();
  readonly #names: UniqueNames;
  readonly #moved = new Map<Feature, Feature[]>();
  readonly #settled = new Map<Feature, Feature>();

  #weightsLeft: number;

  /** `reserved`: ids that only `add` may use. `mostWeights`: values that all weights together may have. */
  constructor(reserved: Iterable<string>, mostWeights: number) {
    this.#names = new UniqueNames(reserved);
    this.#weightsLeft = mostWeights;
  }

  /** Appends a node and returns its value's shape. Throws what its op's definition throws. */
  add<O extends Op>(node: NodeOf<O>): Shape {
    const known = node as unknown as Node;
    const shape = opDefinition(node).outputShape(node, inputShapes(known, this.#shapes));
    if (shape.reduce((product, size) => product * size, 1) > MOST_VALUES) {
      throw new OnnxFileError(`Layer "${node.id}" would make a value of ${shape.join(' × ')}, which is too large to be meant.`);
    }
    this.#weightsLeft -= weightsOf(known).reduce((sum, [, { values }]) => sum + values.length, 0);
    if (this.#weightsLeft < 0) throw new OnnxFileError(`With layer "${node.id}", the weights are many times as large as the file.`);
    this.#nodes.set(node.id, known);
    this.#shapes.set(node.id, shape);
    return shape;
  }

  /** Puts another node of the same id and shape in a node's place. */
  replace(node: Node): void {
    this.#nodes.set(node.id, node);
  }

  node(id: string): Node {
    const node = this.#nodes.get(id);
    if (!node) throw new Error(`no node "${id}"`);
    return node;
  }

  has(id: string): boolean {
    return this.#nodes.has(id);
  }

  /** `wanted`, or that with a number where it is taken; nobody else gets it. */
  uniqueId(wanted: string): string {
    return this.#names.take(wanted);
  }

  /** The nodes that `outputs` depend on. */
  nodesFor(outputs: readonly string[]): readonly Node[] {
    const needed = new Set(outputs);
    const nodes = [...this.#nodes.values()];
    for (const node of nodes.toReversed()) {
      if (needed.has(node.id)) for (const id of node.inputs) needed.add(id);
    }
    return nodes.filter((node) => needed.has(node.id) || node.op === 'input');
  }

  /** The same value stored with the axes `physical`, moved where it is not. */
  arranged(feature: Feature, physical: readonly Axis[]): Feature {
    if (sameAxes(feature.layout.physical, physical)) return feature;
    const known = this.#moved.get(feature)?.find(({ layout }) => sameAxes(layout.physical, physical));
    if (known) return known;
    let at = feature.node;
    const moves = movesBetween(feature.layout.physical, physical);
    for (const [k, move] of moves.entries()) {
      const flattens = move.kind === 'reshape' && move.shape.length === 1;
      const op = flattens ? 'flatten' : move.kind;
      const free = k === moves.length - 1 && !this.has(feature.name) && feature.name !== feature.node;
      const id = free ? feature.name : this.uniqueId(`${feature.node}_${op}`);
      if (move.kind === 'permute') this.add({ id, op: 'permute', inputs: [at], attributes: { order: move.order }, weights: {} });
      else if (flattens) this.add({ id, op: 'flatten', inputs: [at], attributes: {}, weights: {} });
      else this.add({ id, op: 'reshape', inputs: [at], attributes: { shape: move.shape }, weights: {} });
      at = id;
    }
    const moved = { ...feature, node: at, layout: { logical: feature.layout.logical, physical } };
    this.#moved.set(feature, [...(this.#moved.get(feature) ?? []), moved]);
    return moved;
  }

  /** The value with the node's own polynomial, `x`: others are computed, by Horner's rule. */
  settled(feature: Feature): Feature {
    if (isIdentity(feature.polynomial)) return feature;
    const known = this.#settled.get(feature);
    if (known) return known;
    const [lowest, ...rest] = feature.polynomial;
    const higher = rest.toReversed();
    let at = feature.node;
    for (const [k, coefficient] of higher.entries()) {
      const last = k === higher.length - 1;
      const offset = last ? lowest : higher[k + 1];
      const id = (): string => (last && !this.has(feature.name) ? feature.name : this.uniqueId(`${feature.node}_polynomial`));
      if (k > 0) {
        const product = { op: 'multiply', inputs: [at, feature.node], attributes: {}, weights: {} } as const;
        const lastStep = last && offset === 0;
        at = lastStep ? id() : this.uniqueId(`${feature.node}_power`);
        this.add({ ...product, id: at });
      }
      const scale = k === 0 ? coefficient : 1;
      if (scale !== 1 || offset !== 0) {
        const from = at;
        at = id();
        this.add({ id: at, op: 'rescaling', inputs: [from], attributes: { scale, offset }, weights: {} });
      }
    }
    const settled = { ...featureOf(at, feature.layout), sole: feature.sole };
    this.#settled.set(feature, settled);
    return settled;
  }

  /** The value of a logical `[c, h, w]` stored as `[h, w, c]`. */
  picture(feature: Feature): Feature {
    const [channels, rows, columns] = feature.layout.logical;
    return this.arranged(feature, [rows, columns, channels]);
  }
}
