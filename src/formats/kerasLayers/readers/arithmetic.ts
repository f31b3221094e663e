import { z } from 'zod';
import type { Node } from '../../../network/network.ts';
import { UnsupportedGraphError } from '../errors.ts';
import { nodeOf, parseConfig, refuse, type LayerReader, type LayerSource } from '../layerSource.ts';
import { activationCalled } from './activation.ts';

type Arithmetic = 'add' | 'subtract' | 'multiply' | 'divide';

/**
 * `Add`, `Subtract`, `Multiply`: a merge layer, or what Keras makes of `x + y`, where one operand
 * may be a number. With a number it is a rescaling.
 */
function readArithmetic(layer: LayerSource, operation: Arithmetic): readonly Node[] {
  const { operands, inputs } = layer;
  if (operation !== 'divide' && inputs.length === operands.length) return [nodeOf(layer, operation, {}, {})];
  const number = operands.findIndex((operand) => typeof operand === 'number');
  const value = operands[number];
  if (operands.length !== 2 || inputs.length !== 1 || typeof value !== 'number') {
    throw new UnsupportedGraphError(
      `Layer "${layer.id}" (${layer.className}) computes ${operation} of ${inputs.length} values and ` +
        `${operands.length - inputs.length} numbers; a value and a number are supported.`,
    );
  }
  const affine = rescaling(operation, value, number === 0);
  if (!affine) refuse(layer, 'a number divided by a value would have to be an op of its own', value);
  return [nodeOf(layer, 'rescaling', affine, {})];
}

/** `x ∘ value`, or `value ∘ x` where the number comes first. */
function rescaling(operation: Arithmetic, value: number, first: boolean): { scale: number; offset: number } | undefined {
  switch (operation) {
    case 'add':
      return { scale: 1, offset: value };
    case 'subtract':
      return first ? { scale: -1, offset: value } : { scale: 1, offset: -value };
    case 'multiply':
      return { scale: value, offset: 0 };
    case 'divide':
      return first ? undefined : { scale: 1 / value, offset: 0 };
  }
}

export const readAdd: LayerReader = (layer) => readArithmetic(layer, 'add');
export const readSubtract: LayerReader = (layer) => readArithmetic(layer, 'subtract');
export const readMultiply: LayerReader = (layer) => readArithmetic(layer, 'multiply');
export const readDivide: LayerReader = (layer) => readArithmetic(layer, 'divide');

/** TensorFlow functions that Keras 2 records as a layer. */
const FUNCTIONS: ReadonlyMap<string, Arithmetic> = new Map([
  ['__operators__.add', 'add'], ['math.add', 'add'],
  ['math.subtract', 'subtract'], ['math.multiply', 'multiply'],
  ['math.truediv', 'divide'], ['math.divide', 'divide'],
]);

const lambdaConfig = z.looseObject({ function: z.string() });

/** What Keras 2 makes of a TensorFlow function that is called on the value of a layer. */
export const readTFOpLambda: LayerReader = (layer) => {
  const { function: called } = parseConfig(layer, lambdaConfig);
  const arithmetic = FUNCTIONS.get(called);
  if (arithmetic) return readArithmetic(layer, arithmetic);
  const activation = called.startsWith('nn.') ? activationCalled(called.slice(3), layer) : undefined;
  if (activation && layer.operands.length === 1) return [nodeOf(layer, 'activation', activation, {})];
  return refuse(layer, `function must be one of ${[...FUNCTIONS.keys()].join(', ')} or an activation`, called);
};

/** What Keras 3 makes of an activation function that is called on the value of a layer. */
export const readFunction = (name: string): LayerReader => (layer) => {
  const activation = activationCalled(name, layer);
  if (!activation || layer.operands.length !== 1) return refuse(layer, 'it must be called on one value', layer.operands.length);
  return [nodeOf(layer, 'activation', activation, {})];
};
