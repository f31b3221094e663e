import type { ConsumerNode } from '../../network/network.ts';

/**
 * Calls `visit` with every weight of a kernel, the input feature that it reads and the output feature
 * that it feeds, in the order of the kernel's values. Input features of a grouped convolution are
 * those of the node's input, not of the weight's own group.
 */
export function eachKernelValue(node: ConsumerNode, visit: (weight: number, input: number, output: number) => void): void {
  const { values, shape } = node.weights.kernel;
  if (node.op === 'transposedConv2d') {
    const [, , outputs, inputs] = shape;
    for (let at = 0; at < values.length; at++) visit(values[at], at % inputs, Math.floor(at / inputs) % outputs);
    return;
  }
  const [inputs, outputs] = [shape[shape.length - 2], shape[shape.length - 1]];
  const parts = node.op === 'conv2d' ? node.attributes.groups : 1;
  for (let row = 0; row * outputs < values.length; row++) {
    const input = row % inputs;
    for (let output = 0; output < outputs; output++) {
      const part = Math.floor((output * parts) / outputs);
      visit(values[row * outputs + output], part * inputs + input, output);
    }
  }
}

/** Output features of a kernel, all parts together. */
export function outputCount({ op, weights: { kernel } }: ConsumerNode): number {
  return kernel.shape[op === 'transposedConv2d' ? 2 : kernel.shape.length - 1];
}

/** Input features of a kernel, all parts together. */
export function inputCount(node: ConsumerNode): number {
  const { shape } = node.weights.kernel;
  if (node.op === 'transposedConv2d') return shape[3];
  return shape[shape.length - 2] * (node.op === 'conv2d' ? node.attributes.groups : 1);
}
