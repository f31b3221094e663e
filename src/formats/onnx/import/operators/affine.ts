import type { Node, NodeOf, Weight } from '../../../../network/network.ts';
import { logicalSizes, withLastAxis } from '../../alignment.ts';
import { positionsIn } from '../../axisLayout.ts';
import type { Constant } from '../constant.ts';
import type { OperatorCall } from '../operatorCall.ts';
import { featureOf, IDENTITY, type Feature } from '../value.ts';
import { vector } from './weights.ts';

/** One of `x · c`, `x + c`; a quotient or difference is one of these with another constant. */
export type AffineStep = 'multiply' | 'add';

/**
 * A value times or plus a constant. A number is gathered into the value's polynomial; numbers along
 * some of its axes go into the bias or the scale and shift of the node before, if that is free for
 * them, or else into a norm of mean 0, variance 1 and epsilon 0.
 */
export function affine(call: OperatorCall, x: Feature, step: AffineStep, constant: Constant): Feature {
  const axes = varyingAxes(call, x, constant);
  if (axes.length === 0) {
    const c = constant.values[0];
    if (!Number.isFinite(c)) call.refuse(`its constant must be finite, found ${c}.`);
    const polynomial = step === 'add' ? x.polynomial.with(0, x.polynomial[0] + c) : x.polynomial.map((factor) => factor * c);
    return { ...x, polynomial, name: call.id };
  }
  const stored = withLastAxis(call.builder, call.builder.settled(x), axes);
  const last = stored.layout.physical[stored.layout.physical.length - 1];
  const places = positionsIn(last, axes.flatMap((axis) => stored.layout.logical[axis]));
  const weight = vector(places ? Float32Array.from(places, (at) => constant.values[at]) : Float32Array.from(constant.values));
  const before = call.builder.node(stored.node);
  const folded = stored.sole ? foldedInto(before, step, weight) : undefined;
  if (folded) {
    call.builder.replace(folded);
    return { ...stored, name: call.id };
  }
  const [mean, variance] = [0, 1].map((value) => vector(new Float32Array(weight.values.length).fill(value)));
  const affineWeight = step === 'add' ? { beta: weight } : { gamma: weight };
  call.emit('batchNorm', [stored.node], { epsilon: 0 }, { ...affineWeight, mean, variance });
  return featureOf(call.id, stored.layout);
}

/** The logical axes along which the constant has more than one value. It may not make the value larger. */
function varyingAxes(call: OperatorCall, x: Feature, { shape }: Constant): readonly number[] {
  const sizes = logicalSizes(x);
  const shift = sizes.length - shape.length;
  const fits = shift >= -1 && shape.every((size, k) => size === 1 || size === sizes[k + shift]);
  if (!fits) call.refuse(`a constant of shape [${shape.join(', ')}] does not fit a value of [batch, ${sizes.join(', ')}].`);
  return shape.flatMap((size, k) => (size > 1 ? [k + shift] : []));
}

/** The node with the constant in its weights; undefined where it has no room for it. */
function foldedInto(node: Node, step: AffineStep, weight: Weight): Node | undefined {
  switch (node.op) {
    case 'conv2d':
      return step === 'add' && !node.weights.bias ? { ...node, weights: { ...node.weights, bias: weight } } : undefined;
    case 'depthwiseConv2d':
      return step === 'add' && !node.weights.bias ? { ...node, weights: { ...node.weights, bias: weight } } : undefined;
    case 'transposedConv2d':
      return step === 'add' && !node.weights.bias ? { ...node, weights: { ...node.weights, bias: weight } } : undefined;
    case 'dense':
      return step === 'add' && !node.weights.bias ? { ...node, weights: { ...node.weights, bias: weight } } : undefined;
    case 'layerNorm':
    case 'groupNorm':
      return foldedIntoNorm(node, step, weight);
    case 'batchNorm':
      return isBareAffine(node) ? composed(node, step, weight) : undefined;
    default:
      return undefined;
  }
}

function foldedIntoNorm(
  node: NodeOf<'layerNorm'> | NodeOf<'groupNorm'>,
  step: AffineStep,
  weight: Weight,
): Node | undefined {
  const { gamma, beta } = node.weights;
  if (beta) return undefined;
  if (step === 'multiply' && gamma) return undefined;
  return { ...node, weights: { ...node.weights, ...(step === 'add' ? { beta: weight } : { gamma: weight }) } } as Node;
}

/** `(gamma · x + beta) · w` or `… + w` as one scale and shift. */
function composed(node: NodeOf<'batchNorm'>, step: AffineStep, { values }: Weight): Node {
  const { gamma, beta, mean, variance } = node.weights;
  const times = (weight: Weight | undefined): Weight | undefined => weight && vector(weight.values.map((w, k) => w * values[k]));
  const scale = step === 'multiply' ? (times(gamma) ?? vector(values)) : gamma;
  const shift = step === 'multiply' ? times(beta) : vector(values.map((w, k) => w + (beta?.values[k] ?? 0)));
  return { ...node, weights: { ...(scale && { gamma: scale }), ...(shift && { beta: shift }), mean, variance } };
}

/** Whether a norm only scales and shifts. */
function isBareAffine({ attributes, weights }: NodeOf<'batchNorm'>): boolean {
  return attributes.epsilon === 0 && weights.mean.values.every((m) => m === 0) && weights.variance.values.every((v) => v === 1);
}

/** `1 / c` and `−c`, value by value. */
export function reciprocal(constant: Constant): Constant {
  return { ...constant, values: Float64Array.from(constant.values, (c) => 1 / c) };
}
export function negative(constant: Constant): Constant {
  return { ...constant, values: Float64Array.from(constant.values, (c) => -c) };
}

/** Without zeros at the end, but at least of degree 1. */
export function trimmed(polynomial: readonly number[]): readonly number[] {
  const degree = polynomial.findLastIndex((factor) => factor !== 0);
  return polynomial.slice(0, Math.max(IDENTITY.length, degree + 1));
}

