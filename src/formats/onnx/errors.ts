/** The file is not an ONNX model, or is one that is damaged: it cannot be parsed, or contradicts itself. */
export class OnnxFileError extends Error {
  override readonly name = 'OnnxFileError';
}

/** A node of the model is of an operator that the lab does not know, or has a setting that the lab cannot take. */
export class UnsupportedOnnxOperatorError extends Error {
  override readonly name = 'UnsupportedOnnxOperatorError';
  readonly node: string;
  readonly opType: string;
  constructor(node: string, opType: string, problem: string) {
    super(`Layer "${node}" (${opType}): ${problem}`);
    this.node = node;
    this.opType = opType;
  }
}

/** The model as a whole is of a kind that the lab cannot take: several inputs, sizes left open, an old operator set, … */
export class UnsupportedOnnxModelError extends Error {
  override readonly name = 'UnsupportedOnnxModelError';
}

/** A tensor's values are not stored in a way that the lab reads. */
export class UnsupportedOnnxTensorError extends Error {
  override readonly name = 'UnsupportedOnnxTensorError';
  constructor(tensor: string, problem: string) {
    super(`Tensor "${tensor}": ${problem}`);
  }
}

/** A tensor's shape asks for other bytes than the file has for it. */
export class OnnxTensorSizeError extends Error {
  override readonly name = 'OnnxTensorSizeError';
  constructor(tensor: string, shape: readonly number[], expected: number, found: number, unit: 'bytes' | 'values') {
    super(
      `Tensor "${tensor}" of shape [${shape.join(', ')}] needs ${expected} ${unit}, but the file holds ${found}. ` +
        'It is cut short or damaged; download or export the model again.',
    );
  }
}

/** Weights that lie in a file of their own cannot be had. */
export class OnnxExternalDataError extends Error {
  override readonly name = 'OnnxExternalDataError';
}

/** A network cannot be written as an ONNX model. */
export class OnnxExportError extends Error {
  override readonly name = 'OnnxExportError';
}
