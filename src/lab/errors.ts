/** A person, or a newer job of the same kind, stopped this one. Workers send an error of the same name. */
export class CancelledError extends Error {
  override readonly name = 'CancelledError';
  constructor() {
    super('The job was cancelled.');
  }
}

/** The engine's worker or its GPU device is gone, and with it whatever ran there. */
export class EngineDiedError extends Error {
  override readonly name = 'EngineDiedError';
}

/** The engine did not come back; nothing runs until a person starts it again. */
export class EngineStoppedError extends Error {
  override readonly name = 'EngineStoppedError';
  constructor() {
    super('The engine is not running.');
  }
}

/** The fidelity worker is gone, and with it the statistics. */
export class FidelityDiedError extends Error {
  override readonly name = 'FidelityDiedError';
}

export function isCancelled(error: unknown): boolean {
  return error instanceof Error && error.name === 'CancelledError';
}

export function isEngineDeath(error: unknown): boolean {
  return error instanceof Error && (error.name === 'EngineDiedError' || error.name === 'DeviceLostError');
}

export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
