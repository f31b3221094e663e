import type { Network } from '../../network/network.ts';

/**
 * What the lab writes: a TensorFlow.js layers model, ONNX, or all weights as safetensors with a
 * `plan.json` that says what they are.
 */
export const WRITTEN_FORMATS = ['layers', 'onnx', 'safetensors'] as const;
export type WrittenFormat = (typeof WRITTEN_FORMATS)[number];

/** `network` as files, by name. Throws the errors of the format's exporter. */
export async function writeModel(network: Network, format: WrittenFormat): Promise<Readonly<Record<string, Uint8Array>>> {
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
  }
}
