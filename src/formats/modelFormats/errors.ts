/** What is taken, for messages. */
const TAKEN =
  'TensorFlow.js models (model.json with its weight files, or a zip of them), Keras .h5 and .keras, ONNX (.onnx, with its weight files), and Hugging Face folders (config.json with .safetensors)';

/** None of the files is a model that the lab opens, or there are several. */
export class UnknownModelError extends Error {
  override readonly name = 'UnknownModelError';
  constructor(problem: string, options?: ErrorOptions) {
    super(`${problem} What is opened: ${TAKEN}.`, options);
  }
}

/** A file that a model names is not among those at hand. */
export class MissingFileError extends Error {
  override readonly name = 'MissingFileError';
  readonly path: string;
  constructor(path: string, found: readonly string[]) {
    const listed = found.length > 0 ? found.slice(0, 8).join(', ') + (found.length > 8 ? ', …' : '') : 'none';
    super(`The file "${path}" is needed, but is not among the files (${listed}). Choose it together with the model.`);
    this.path = path;
  }
}
