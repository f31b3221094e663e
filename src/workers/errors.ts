/** The worker itself died: it could not be loaded, or threw outside of a call. */
export class EngineDiedError extends Error {
  override readonly name = 'EngineDiedError';
}
