import { fromBinary } from '@bufbuild/protobuf';
import { OnnxFileError, UnsupportedOnnxModelError } from '../errors.ts';
import { ModelProtoSchema, type GraphProto, type ModelProto } from '../schema/onnx_pb.ts';

/** The graph of a model file and the version of the standard operators that it uses. */
export interface ModelFile {
  readonly graph: GraphProto;
  readonly opset: number;
}

/** The oldest operator set whose operators all mean what the readers take them for. */
const OLDEST_OPSET = 9;

/**
 * Parses the container. Weights stay views of `bytes`.
 * Throws `OnnxFileError` and, for operator sets before 9, `UnsupportedOnnxModelError`.
 */
export function readModelFile(bytes: Uint8Array): ModelFile {
  const model = parse(bytes);
  const { graph } = model;
  if (!graph || graph.node.length === 0) throw new OnnxFileError('This is not an ONNX model: it holds no graph.');
  const standard = model.opsetImport.filter(({ domain }) => isStandardDomain(domain));
  if (standard.length !== 1) {
    throw new OnnxFileError(`The model must state one version of the standard operators, found ${standard.length}.`);
  }
  const opset = Number(standard[0].version);
  if (!(opset >= 1 && opset < 1000)) throw new OnnxFileError(`The model states operator set ${opset}, which does not exist.`);
  if (opset < OLDEST_OPSET) {
    throw new UnsupportedOnnxModelError(
      `The model uses operator set ${opset}; ${OLDEST_OPSET} or later is needed (13 or later is best). Export it again with a later opset_version.`,
    );
  }
  return { graph, opset };
}

/** Whether operators of this domain are those of the ONNX standard. */
export function isStandardDomain(domain: string): boolean {
  return domain === '' || domain === 'ai.onnx';
}

function parse(bytes: Uint8Array): ModelProto {
  try {
    return fromBinary(ModelProtoSchema, bytes, { readUnknownFields: false });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new OnnxFileError(`This is not an ONNX model, or a damaged one: ${reason}.`, { cause: error });
  }
}
