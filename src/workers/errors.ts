/** An error that crossed from a worker: its class's name and message are kept. */
export class WorkerError extends Error {
  override readonly name: string;
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

/** The worker itself died: it could not be loaded, or threw outside of a call. */
export class EngineDiedError extends Error {
  override readonly name = 'EngineDiedError';
}
