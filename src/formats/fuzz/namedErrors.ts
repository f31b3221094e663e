import {
  NoReadablePicturesError, PictureArrayError, PictureError, PictureShapeError, PictureZipError, TooFewPicturesError,
} from '../../datasets/pictureErrors.ts';
import { NetworkStructureError, NonFiniteWeightsError, ShapeError, WeightShapeError } from '../../network/networkErrors.ts';
import { HuggingFaceFileError, HuggingFaceWeightsError, TooLargeError, UnsupportedHuggingFaceModelError } from '../huggingFace.ts';
import { MissingFileError, UnknownModelError } from '../modelFormats.ts';
import { NpyError } from '../npy.ts';
import {
  OnnxExternalDataError, OnnxFileError, OnnxTensorSizeError, UnsupportedOnnxModelError, UnsupportedOnnxOperatorError, UnsupportedOnnxTensorError,
} from '../onnx/errors.ts';
import { SafetensorsError } from '../safetensors.ts';
import { TokenizerError } from '../tokenizer.ts';
import { GraphModelError, UnsupportedGraphNodeError } from '../tfjsGraph/errors.ts';
import {
  MissingWeightError, ModelFileError, TruncatedWeightsError, UnsupportedConfigError, UnsupportedGraphError, UnsupportedLayerError, UnsupportedWeightError,
} from '../kerasLayers/errors.ts';

/** The classes by which files are refused. */
const NAMED: ReadonlySet<unknown> = new Set([
  NetworkStructureError, NonFiniteWeightsError, ShapeError, WeightShapeError,
  MissingFileError, UnknownModelError,
  MissingWeightError, ModelFileError, TruncatedWeightsError, UnsupportedConfigError, UnsupportedGraphError, UnsupportedLayerError, UnsupportedWeightError,
  GraphModelError, UnsupportedGraphNodeError,
  OnnxExternalDataError, OnnxFileError, OnnxTensorSizeError, UnsupportedOnnxModelError, UnsupportedOnnxOperatorError, UnsupportedOnnxTensorError,
  HuggingFaceFileError, HuggingFaceWeightsError, TooLargeError, UnsupportedHuggingFaceModelError, TokenizerError,
  SafetensorsError, NpyError,
  NoReadablePicturesError, PictureArrayError, PictureError, PictureShapeError, PictureZipError, TooFewPicturesError,
]);

/** What is wrong about the error that a file was refused by; undefined where it is as it should be. */
export function faultInError(error: unknown): string | undefined {
  if (!(error instanceof Error)) return `threw ${String(error)}, which is no error`;
  if (!NAMED.has(error.constructor)) return `threw ${error.name}, not an error of the project: ${error.stack?.slice(0, 1200)}`;
  const fault = faultInMessage(error.message);
  return fault && `${error.name} ${fault}: ${JSON.stringify(error.message.slice(0, 300))}`;
}

/** Words that only a programming error or an exhausted machine brings into a message. */
const INTERNAL = /\bundefined\b|\[object |Cannot read|is not a function|not iterable|call stack|Invalid (typed )?array|allocation failed|out of memory|out of bounds|unreachable|SyntaxError/i;

/** What keeps a person from acting on a message; undefined where nothing does. */
export function faultInMessage(message: string): string | undefined {
  if (message.trim().length < 8) return 'says nothing';
  if (message.length > 600) return `goes on for ${message.length} characters`;
  if (/\p{Cc}|\p{Cf}|\p{Cs}/u.test(message)) return 'has characters that do not print';
  if (/\S{200}/.test(message)) return 'has a dump in it';
  const [internal] = INTERNAL.exec(message) ?? [];
  return internal && `speaks of “${internal}”`;
}
