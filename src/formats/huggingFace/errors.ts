/** A JSON file of a Hugging Face model is not of the form that it must have. */
export class HuggingFaceFileError extends Error {
  override readonly name = 'HuggingFaceFileError';
}

/** The model is of a kind, or has a setting, that the lab does not compute. */
export class UnsupportedHuggingFaceModelError extends Error {
  override readonly name = 'UnsupportedHuggingFaceModelError';
}

/** Tensors are missing, unknown, misshapen, or no numbers that a network computes with. */
export class HuggingFaceWeightsError extends Error {
  override readonly name = 'HuggingFaceWeightsError';
}

/** A network has layers that no Hugging Face model has in that place. */
export class HuggingFaceExportError extends Error {
  override readonly name = 'HuggingFaceExportError';
}
