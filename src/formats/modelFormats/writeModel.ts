import type { Network } from '../../network/network.ts';

/**
 * What the lab writes: a TensorFlow.js layers model, ONNX, all weights as safetensors with a
 * `plan.json` that says what they are, or a Hugging Face folder (of a network that came from one).
 */
export const WRITTEN_FORMATS = ['layers', 'onnx', 'safetensors', 'huggingFace'] as const;
export type WrittenFormat = (typeof WRITTEN_FORMATS)[number];

export interface WriteOptions {
  /** Files that lay beside the model and go with it in its own layout, such as a tokenizer's. */
  readonly beside?: Readonly<Record<string, Uint8Array>>;
  /** Told why other readers of the format will not take the files. */
  readonly onWarning?: (warning: string) => void;
}

/** `network` as files, by name. Throws the errors of the format's exporter. */
export async function writeModel(network: Network, format: WrittenFormat, { beside, onWarning }: WriteOptions = {}): Promise<Readonly<Record<string, Uint8Array>>> {
  switch (format) {
    case 'layers': {
      const { exportTfjsLayers } = await import('../tfjsLayers.ts');
      const { modelJson, weights } = exportTfjsLayers(network);
      return { 'model.json': new TextEncoder().encode(JSON.stringify(modelJson)), 'weights.bin': weights };
    }
    case 'onnx': {
      const { exportOnnx } = await import('../onnx.ts');
      return { 'model.onnx': exportOnnx(network) };
    }
    case 'safetensors': {
      const { exportPlan } = await import('../planFiles.ts');
      return exportPlan(network, { keep: {}, weights: {} }, network);
    }
    case 'huggingFace': {
      const { exportHuggingFace } = await import('../huggingFace.ts');
      const { files, warnings } = exportHuggingFace(network, beside);
      for (const warning of warnings) onWarning?.(warning);
      return files;
    }
  }
}
