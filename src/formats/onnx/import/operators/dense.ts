import { withLastAxis } from '../../alignment.ts';
import { axisSize, newAxis, positionsIn } from '../../axisLayout.ts';
import type { OperatorCall } from '../operatorCall.ts';
import { featureOf, type Feature } from '../value.ts';
import type { OperatorReader } from './operatorReader.ts';
import { vector } from './weights.ts';

const TILE = 64;

/** `alpha · A · B + beta · C` of a vector A, a matrix B and a vector (or number) C. */
export const readGemm: OperatorReader = (call) => {
  call.requireInt('transA', 0, 0);
  const transposed = call.requireInt('transB', 0, 0, 1) === 1;
  const alpha = call.float('alpha', 1);
  const beta = call.float('beta', 1);
  const x = call.feature(0);
  if (x.layout.logical.length !== 1) call.refuse(`it takes a vector, found a value of ${x.layout.logical.length + 1} axes.`);
  const constant = call.optionalConstant(2);
  const product = denseOf(call, x, transposed, alpha, (outputs) => {
    if (!constant) return undefined;
    const { values, shape } = constant;
    if ((values.length !== outputs && values.length !== 1) || shape.slice(0, -1).some((size) => size !== 1)) {
      call.refuse(`its input 2 must hold one value, or ${outputs}, found a shape of [${shape.join(', ')}].`);
    }
    return Float32Array.from({ length: outputs }, (_, k) => beta * values[values.length === 1 ? 0 : k]);
  });
  return [product];
};

/** The product of a value's last axis with a stored matrix. */
export const readMatMul: OperatorReader = (call) => {
  if (call.value(0)?.kind === 'constant') call.refuse('its first input must be computed from the network’s input, found a constant.');
  const second = call.value(1);
  if (second?.kind !== 'constant') call.refuse('it multiplies two computed values, as attention does; only products with a stored matrix are supported.');
  return [denseOf(call, call.feature(0), false, 1, () => undefined)];
};

function denseOf(
  call: OperatorCall,
  given: Feature,
  transposed: boolean,
  alpha: number,
  biasFor: (outputs: number) => Float32Array | undefined,
): Feature {
  const { shape, values, integer } = call.constant(1);
  if (shape.length !== 2 || integer) call.refuse(`its input 1 must be a matrix of floating-point numbers, found a shape of [${shape.join(', ')}].`);
  const [inputs, outputs] = transposed ? [shape[1], shape[0]] : shape;
  const rank = given.layout.logical.length;
  const x = withLastAxis(call.builder, given, [rank - 1]);
  const features = x.layout.logical[rank - 1];
  if (axisSize(features) !== inputs) call.refuse(`a matrix of ${inputs} rows cannot take ${axisSize(features)} features.`);
  const stored = x.layout.physical[x.layout.physical.length - 1];
  const rows = positionsIn(stored, features);
  const kernel = new Float32Array(inputs * outputs);
  // by tiles, which stay in the cache both as they are read and as they are written
  for (let i0 = 0; i0 < inputs; i0 += TILE) for (let k0 = 0; k0 < outputs; k0 += TILE) {
    for (let i = i0; i < Math.min(inputs, i0 + TILE); i++) {
      const row = rows ? rows[i] : i;
      for (let k = k0; k < Math.min(outputs, k0 + TILE); k++) {
        kernel[i * outputs + k] = alpha * values[transposed ? k * inputs + row : row * outputs + k];
      }
    }
  }
  const bias = biasFor(outputs);
  call.emit('dense', [x.node], {}, { kernel: { shape: [inputs, outputs], values: kernel }, ...(bias && { bias: vector(bias) }) });
  const made = newAxis(outputs, true);
  return featureOf(call.id, {
    logical: x.layout.logical.with(rank - 1, made),
    physical: [...x.layout.physical.slice(0, -1), made],
  });
}
