import type { PathedFile } from '../workers/protocol.ts';
import type { DataDescriptor, ModelDescriptor } from './experiment.ts';

const MODEL_ENDING = /\.(json|zip|onnx|keras|h5|hdf5|safetensors)$/i;
/** Of a model's main file, where its folder says more than it. */
const NAMELESS = /^(model|config)\.json$/i;
const DATA_ENDING = /\.(zip|npz|npy|txt|text|md|markdown)$/i;

/** A model of these files, called after its main file, or after its folder where that says more. */
export function modelOfFiles(files: readonly PathedFile[]): ModelDescriptor {
  const main = files.find(({ path }) => NAMELESS.test(lastOf(path))) ?? files.find(({ path }) => MODEL_ENDING.test(path)) ?? files[0];
  const [file, folder] = main.path.split('/').reverse();
  const name = NAMELESS.test(file) && folder !== undefined ? folder : file.replace(MODEL_ENDING, '');
  return { kind: 'files', name: name || file, files };
}

/** Pictures or text of these files, called after the one folder or file that holds them, or by their number. */
export function dataOfFiles(files: readonly PathedFile[]): DataDescriptor {
  const tops = new Set(files.map(({ path }) => topOf(path)));
  const [top] = tops;
  const name = tops.size === 1 ? top.replace(DATA_ENDING, '') : `${files.length} files`;
  return { kind: 'files', name: name || top, files };
}

/** A text that was pasted or typed, as the file that it would be. */
export function typedText(text: string): DataDescriptor {
  const words = text.trim().slice(0, 200).split(/[\s\p{Cc}/\\]+/u).slice(0, 4).join(' ').slice(0, 40);
  const path = `${words}.txt`;
  return { kind: 'files', name: `“${words}…”`, files: [{ path, file: new File([text], path, { type: 'text/plain' }) }] };
}

function topOf(path: string): string {
  return path.split('/')[0];
}

function lastOf(path: string): string {
  return path.split('/').at(-1) ?? path;
}
