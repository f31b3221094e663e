import { UnknownModelError } from './errors.ts';
import { folderOf, nameOf, type NamedFiles } from './namedFiles.ts';

export type ContainerKind = 'json' | 'zip' | 'hdf5' | 'onnx';

/**
 * The path of the file that a model is opened by: an `.onnx`, `.keras`, `.h5` or `.zip` file, a
 * `model.json`, a `config.json` beside safetensors, or the only JSON file beside binary ones; a file alone, whatever it is called. Of
 * several, that in the outermost folder.
 * Throws `UnknownModelError` where there is none, or several equally good.
 */
export function mainFile({ paths }: NamedFiles): string {
  const shown = paths.filter((path) => !isLitter(path));
  if (shown.length === 1) return shown[0];
  const pretrained = pretrainedConfigs(shown);
  const covered = new Set(pretrained.map(folderOf));
  const named = [...pretrained, ...shown.filter((path) => MODEL_NAMES.test(path) && !/\.weights\.h5$/i.test(path) && !covered.has(folderOf(path)))];
  const candidates = named.length > 0 ? named : jsonBesideWeights(shown);
  const depth = candidates.reduce((least, path) => Math.min(least, depthOf(path)), Infinity);
  const outermost = candidates.filter((path) => depthOf(path) === depth);
  if (outermost.length === 1) return outermost[0];
  if (outermost.length > 1) throw new UnknownModelError(`There are several models: ${listed(outermost)}. Choose one of them.`);
  const foreign = shown.map(foreignFormat).find((advice) => advice !== undefined);
  throw new UnknownModelError(shown.length === 0 ? 'There are no files.' : `No model was found among the files (${listed(shown)}).${foreign ?? ''}`);
}

/** What the first bytes, or else the name, say a file is. Throws `UnknownModelError`. */
export function containerKind(path: string, bytes: Uint8Array): ContainerKind {
  if (startsWith(bytes, [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a])) return 'hdf5';
  if (startsWith(bytes, [0x50, 0x4b, 3, 4]) || startsWith(bytes, [0x50, 0x4b, 5, 6])) return 'zip';
  if (/\.onnx$/i.test(path)) return 'onnx';
  if (/\.json$/i.test(path)) return 'json';
  const wanted = /\.(h5|hdf5)$/i.test(path) ? 'an HDF5 file' : /\.(keras|zip)$/i.test(path) ? 'a zip' : undefined;
  if (wanted !== undefined) throw new UnknownModelError(`"${path}" is not ${wanted}, whatever its name says; it may be cut short.`);
  const advice = foreignFormat(path);
  if (advice !== undefined) throw new UnknownModelError(`"${path}" cannot be opened.${advice}`);
  const first = bytes.find((byte) => byte > 0x20);
  if (first === 0x7b) return 'json';
  throw new UnknownModelError(`"${path}" is not a file that the lab knows.`);
}

const MODEL_NAMES = /\.(onnx|keras|h5|hdf5|zip)$|(^|\/)model\.json$/i;

/** What to do with models of other tools, by how their files are called. */
const FOREIGN: readonly (readonly [RegExp, string])[] = [
  [/(^|\/)saved_model\.pb$/i, 'It is a TensorFlow SavedModel: convert it with tensorflowjs_converter --input_format=tf_saved_model.'],
  [/\.pb$/i, 'It is a TensorFlow graph: convert it with tensorflowjs_converter.'],
  [/\.bin$/i, 'Weights alone say nothing of the layers: choose them together with their model.json.'],
  [/\.(pt|pth|ckpt)$/i, 'A PyTorch checkpoint holds weights but no layers: export the model with torch.onnx.export.'],
  [/\.safetensors$/i, 'A safetensors file holds weights but no layers: choose it together with its config.json, or export the model as ONNX.'],
  [/\.tflite$/i, 'It is a TensorFlow Lite model: convert the model that it was made of with tensorflowjs_converter.'],
  [/\.weights\.h5$/i, 'Keras weights alone say nothing of the layers: save the whole model, with model.save.'],
  [/\.mlmodel$|\.mlpackage/i, 'It is a Core ML model: export the model that it was made of as ONNX.'],
];

/** Advice with a space before it; undefined where the name says nothing. */
function foreignFormat(path: string): string | undefined {
  const advice = FOREIGN.find(([name]) => name.test(path))?.[1];
  return advice === undefined ? undefined : ` ${advice}`;
}

/** What systems put into folders and zips by themselves. */
function isLitter(path: string): boolean {
  return path.split('/').some((part) => part === '__MACOSX' || part === 'Thumbs.db' || part.startsWith('.'));
}

/** Each the description of a Hugging Face folder, which may hold the same model for other libraries too, or in older files alone. */
function pretrainedConfigs(paths: readonly string[]): readonly string[] {
  const folders = new Set(paths.filter((path) => /\.safetensors(\.index\.json)?$|(^|\/)pytorch_model[^/]*\.bin$/i.test(path)).map(folderOf));
  return paths.filter((path) => nameOf(path) === 'config.json' && folders.has(folderOf(path)));
}

function jsonBesideWeights(paths: readonly string[]): readonly string[] {
  const folders = new Set(paths.filter((path) => WEIGHT_FILES.test(nameOf(path))).map(folderOf));
  return paths.filter((path) => /\.json$/i.test(path) && folders.has(folderOf(path)));
}

const WEIGHT_FILES = /\.bin$|shard\d+of\d+$/i;

function depthOf(path: string): number {
  return path.split('/').length;
}

function listed(paths: readonly string[]): string {
  return paths.slice(0, 8).join(', ') + (paths.length > 8 ? ', …' : '');
}

function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return magic.every((byte, at) => bytes[at] === byte);
}
