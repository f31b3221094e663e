/**
 * Models in the layout of Hugging Face's libraries: `config.json`, safetensors in one file or
 * several, and beside them `tokenizer.json` or `preprocessor_config.json`.
 * Families: GPT-2, OPT, Llama (text); ViT, Swin (pictures).
 */
export { HuggingFaceExportError, HuggingFaceFileError, HuggingFaceWeightsError, UnsupportedHuggingFaceModelError } from './huggingFace/errors.ts';
export { exportHuggingFace, type HuggingFaceExport } from './huggingFace/exportModel.ts';
export { importHuggingFace, type HuggingFaceOptions } from './huggingFace/importModel.ts';
export { TooLargeError, USUAL_MEMORY, type MemoryNeed } from './huggingFace/memory.ts';
export { tokenizerOf, type TokenizerBeside } from './huggingFace/tokenizerOf.ts';
