import { OnnxExportError } from '../../errors.ts';
import type { Tensor } from '../graphWriter.ts';

/** For ops that are not written as ONNX yet. @throws OnnxExportError */
export function refused({ node }: { readonly node: { readonly id: string; readonly op: string } }): Tensor {
  throw new OnnxExportError(`Layer "${node.id}" (${node.op}) cannot be written as ONNX yet. Export to another format.`);
}
