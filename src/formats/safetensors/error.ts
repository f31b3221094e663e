/** The bytes are not a safetensors file that the lab can read, or the tensors cannot be written as one. */
export class SafetensorsError extends Error {
  override readonly name = 'SafetensorsError';
}
