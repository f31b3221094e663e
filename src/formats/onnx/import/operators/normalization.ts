import { withLastAxis } from '../../alignment.ts';
import { axisSize, newAxis, positionsIn, sameAtoms, type Axis } from '../../axisLayout.ts';
import type { OperatorCall } from '../operatorCall.ts';
import { featureOf, type Feature } from '../value.ts';
import type { OperatorReader } from './operatorReader.ts';
import { optionalVector, vector, vectorInput, type Positions } from './weights.ts';

/** Channels that a weight of one value a group may be repeated to. */
const MOST_CHANNELS = 2 ** 22;

export const readBatchNormalization: OperatorReader = (call) => {
  call.requireInt('training_mode', 0, 0);
  call.float('momentum', 0.9);
  const epsilon = call.float('epsilon', 1e-5);
  const x = withLastAxis(call.builder, requireChannels(call, call.feature(0)), [0]);
  const [channels] = x.layout.logical;
  const positions = vectorPositions(x, channels);
  const [gamma, beta, mean, variance] = [1, 2, 3, 4].map((k) => vectorInput(call, k, axisSize(channels), positions));
  call.emit('batchNorm', [x.node], { epsilon }, { gamma, beta, mean, variance });
  return [featureOf(call.id, x.layout)];
};

export const readLayerNormalization: OperatorReader = (call) => {
  const given = call.feature(0);
  const rank = given.layout.logical.length;
  const first = call.logicalAxis(call.int('axis', -1), rank);
  call.int('stash_type');
  const epsilon = call.float('epsilon', 1e-5);
  const axes = Array.from({ length: rank - first }, (_, k) => first + k);
  const x = withLastAxis(call.builder, given, axes);
  const normalised = axes.flatMap((axis) => x.layout.logical[axis]);
  const positions = vectorPositions(x, normalised);
  const gamma = vectorInput(call, 1, axisSize(normalised), positions);
  const beta = optionalVector(call, 2, axisSize(normalised), positions);
  call.emit('layerNorm', [x.node], { epsilon }, { gamma, ...(beta && { beta }) });
  return [featureOf(call.id, x.layout)];
};

/** Normalises channels one by one; after a reshape that put groups of channels there, groups. */
export const readInstanceNormalization: OperatorReader = (call) => {
  const epsilon = call.float('epsilon', 1e-5);
  const x = withGroups(call, requireChannels(call, call.feature(0)));
  const groups = axisSize(x.layout.logical[0]);
  const width = axisSize(x.layout.physical[2]) / groups;
  const scale = vectorInput(call, 1, groups);
  const shift = vectorInput(call, 2, groups);
  const plain = scale.values.every((value) => value === 1) && shift.values.every((value) => value === 0);
  const gamma = vector(repeated(call, scale.values, width));
  const beta = vector(repeated(call, shift.values, width));
  call.emit('groupNorm', [x.node], { groups, epsilon }, width > 1 && plain ? {} : { gamma, beta });
  return [featureOf(call.id, x.layout)];
};

/** Until opset 20, scale and bias have one value a group; from 21 on, one a channel. */
export const readGroupNormalization: OperatorReader = (call) => {
  const epsilon = call.float('epsilon', 1e-5);
  call.int('stash_type');
  const groups = call.int('num_groups', 0);
  const x = call.picture(call.feature(0));
  const channels = axisSize(x.layout.physical[2]);
  if (!(groups >= 1) || channels % groups !== 0) call.refuse(`${groups} groups do not divide ${channels} channels.`);
  const read = (k: number): Float32Array => {
    if (call.constant(k).values.length === channels) return vectorInput(call, k, channels).values;
    return repeated(call, vectorInput(call, k, groups).values, channels / groups);
  };
  call.emit('groupNorm', [x.node], { groups, epsilon }, { gamma: vector(read(1)), beta: vector(read(2)) });
  return [featureOf(call.id, x.layout)];
};

/** For each index along the last stored axis, its place along `logical`. */
function vectorPositions(x: Feature, logical: Axis): Positions {
  return () => positionsIn(x.layout.physical[x.layout.physical.length - 1], logical);
}

function requireChannels(call: OperatorCall, x: Feature): Feature {
  if (x.layout.logical.length === 0) call.refuse('it takes a value without channels.');
  return x;
}

/** Stores the value with three axes, the last beginning with the atoms of logical axis 0. */
function withGroups(call: OperatorCall, x: Feature): Feature {
  const { logical: [groups], physical } = x.layout;
  const last = physical[physical.length - 1];
  const rest = physical.slice(0, -1);
  if (sameAtoms(last.slice(0, groups.length), groups)) {
    return call.builder.arranged(x, rest.length === 2 ? physical : [rest.flat(), newAxis(1), last]);
  }
  const others = physical.flat().filter((atom) => !groups.includes(atom));
  return call.builder.arranged(x, [others, newAxis(1), groups]);
}

function repeated(call: OperatorCall, values: Float32Array, times: number): Float32Array {
  if (values.length * times > MOST_CHANNELS) call.refuse(`it would have ${values.length * times} channels, which is too many to be meant.`);
  return Float32Array.from({ length: values.length * times }, (_, k) => values[Math.floor(k / times)]);
}
