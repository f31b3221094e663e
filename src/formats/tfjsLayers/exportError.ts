import type { Op } from '../../network/network.ts';

/** A node that neither a layer of plain TensorFlow.js nor several of them compute. */
export class ExportError extends Error {
  override readonly name = 'ExportError';
  readonly node: string;
  readonly op: Op;
  constructor(node: string, op: Op, problem: string) {
    super(
      `Layer "${node}" (${op}) cannot be written as a TensorFlow.js layers model: ${problem} ` +
        'Export to ONNX or safetensors, which can hold it.',
    );
    this.node = node;
    this.op = op;
  }
}
