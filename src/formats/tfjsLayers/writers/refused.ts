import type { WrittenLayer, WriterContext } from '../layerWriter.ts';

/** For what plain TensorFlow.js has no layers for. */
export function refused(_node: unknown, context: WriterContext): WrittenLayer {
  return context.refuse('TensorFlow.js has no layers that compute it. Export to another format.');
}
