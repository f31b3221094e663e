/**
 * ONNX models to and from `Network`. What is read: float graphs of one input and of the operators
 * in `onnx/import/operators/table.ts`, operator set 9 and later, weights inside the file or beside
 * it. What is written: operator set 17, pictures `[N, channels, height, width]`.
 */
export { exportOnnx } from './onnx/export/exportModel.ts';
export { importOnnx, type OnnxImportOptions } from './onnx/import/importModel.ts';
export type { ReadExternal } from './onnx/import/externalData.ts';
export {
  OnnxExportError,
  OnnxExternalDataError,
  OnnxFileError,
  OnnxTensorSizeError,
  UnsupportedOnnxModelError,
  UnsupportedOnnxOperatorError,
  UnsupportedOnnxTensorError,
} from './onnx/errors.ts';
