/** What opening a model takes, in bytes: its weights as float32, and the file that they are read from, one at a time. */
export interface MemoryNeed {
  readonly parameters: number;
  readonly weights: number;
  readonly largestFile: number;
  readonly total: number;
}

/** What a browser tab may be expected to have. */
export const USUAL_MEMORY = 4 * 1024 ** 3;

/** The model's weights do not fit into memory. */
export class TooLargeError extends Error {
  override readonly name = 'TooLargeError';
  readonly need: MemoryNeed;
  readonly limit: number;
  constructor(need: MemoryNeed, limit: number) {
    super(
      `The model has ${need.parameters.toLocaleString('en')} parameters. Opening it takes ${gibibytes(need.total)} of memory (${gibibytes(need.weights)} as float32 ` +
        `and ${gibibytes(need.largestFile)} for the file being read); there are ${gibibytes(limit)}. Open a smaller model, or one in smaller shards.`,
    );
    this.need = need;
    this.limit = limit;
  }
}

function gibibytes(bytes: number): string {
  const value = bytes / 1024 ** 3;
  return `${value >= 10_000 ? value.toExponential(1) : value >= 0.1 ? value.toFixed(1) : value.toPrecision(1)} GiB`;
}
