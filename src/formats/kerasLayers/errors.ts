/** The file is not a model of the kind that it is opened as, or is one that is damaged. */
export class ModelFileError extends Error {
  override readonly name = 'ModelFileError';
}

/** The model has a layer of a class that the lab does not know. */
export class UnsupportedLayerError extends Error {
  override readonly name = 'UnsupportedLayerError';
  readonly layer: string;
  readonly className: string;
  constructor(layer: string, className: string, supported: readonly string[]) {
    super(`Layer "${layer}" is a ${className}, which is not supported. Supported: ${supported.join(', ')}.`);
    this.layer = layer;
    this.className = className;
  }
}

/** A layer of a known class has a setting that the lab cannot take. */
export class UnsupportedConfigError extends Error {
  override readonly name = 'UnsupportedConfigError';
  readonly layer: string;
  readonly className: string;
  constructor(layer: string, className: string, problem: string) {
    super(`Layer "${layer}" (${className}): ${problem}`);
    this.layer = layer;
    this.className = className;
  }
}

/** The layers are wired in a way that the lab cannot take: several inputs, shared layers, … */
export class UnsupportedGraphError extends Error {
  override readonly name = 'UnsupportedGraphError';
}

/** A layer's weight is not among those of the file. */
export class MissingWeightError extends Error {
  override readonly name = 'MissingWeightError';
  readonly layer: string;
  constructor(layer: string, weight: string, where: string) {
    super(`Layer "${layer}" needs the weight "${weight}", which ${where}.`);
    this.layer = layer;
  }
}

/** The weight files end before a weight does. */
export class TruncatedWeightsError extends Error {
  override readonly name = 'TruncatedWeightsError';
  readonly expectedBytes: number;
  readonly foundBytes: number;
  constructor(weight: string, paths: readonly string[], expectedBytes: number, foundBytes: number) {
    super(
      `The weight files (${paths.join(', ')}) are cut short: weight "${weight}" ends at byte ` +
        `${expectedBytes}, but there are ${foundBytes}. Download or convert the model again.`,
    );
    this.expectedBytes = expectedBytes;
    this.foundBytes = foundBytes;
  }
}

/** A weight is stored in a way that the lab does not read. */
export class UnsupportedWeightError extends Error {
  override readonly name = 'UnsupportedWeightError';
  constructor(weight: string, stored: string, readable: string) {
    super(`Weight "${weight}" is stored as ${stored}; what is read is ${readable}. Convert the model to float32 weights.`);
  }
}
