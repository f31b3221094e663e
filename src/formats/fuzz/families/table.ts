import type { FuzzFamily } from '../fuzzCase.ts';

/** Each is loaded with what it needs in the process that runs it. */
export const families = {
  layersDescription: async () => (await import('./layersDescription.ts')).layersDescription,
  layersWeights: async () => (await import('./layersWeights.ts')).layersWeights,
  zippedModels: async () => (await import('./zippedModels.ts')).zippedModels,
  kerasH5Files: async () => (await import('./kerasH5Files.ts')).kerasH5Files,
  kerasZipFiles: async () => (await import('./kerasZipFiles.ts')).kerasZipFiles,
  graphModels: async () => (await import('./graphModels.ts')).graphModels,
  onnxModels: async () => (await import('./onnxModels.ts')).onnxModels,
  huggingFaceFolders: async () => (await import('./huggingFaceFolders.ts')).huggingFaceFolders,
  tokenizerFiles: async () => (await import('./tokenizerFiles.ts')).tokenizerFiles,
  safetensorsFiles: async () => (await import('./safetensorsFiles.ts')).safetensorsFiles,
  pictureFiles: async () => (await import('./pictureFiles.ts')).pictureFiles,
} satisfies Readonly<Record<string, () => Promise<FuzzFamily>>>;

export type FamilyName = keyof typeof families;
