/**
 * The safetensors container: eight bytes that tell the header's length, a JSON header, the data.
 * Written: float32. Read: float32, float16 and bfloat16.
 * Source: the format's description, https://huggingface.co/docs/safetensors
 */
export { SafetensorsError } from './safetensors/error.ts';
export { openSafetensors, readSafetensors, type OpenSafetensors, type Safetensors } from './safetensors/read.ts';
export { writeSafetensors } from './safetensors/write.ts';
