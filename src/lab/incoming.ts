import type { PathedFile } from '../workers/protocol.ts';
import type { DataDescriptor, ModelDescriptor } from './experiment.ts';

const MODEL_ENDING = /\.(json|zip|onnx|keras|h5|hdf5)$/i;

/** A model of these files, called after its main file, or after its folder where that says more. */
export function modelOfFiles(files: readonly PathedFile[]): ModelDescriptor {
  const main = files.find(({ path }) => MODEL_ENDING.test(path)) ?? files[0];
  const [file, folder] = main.path.split('/').reverse();
  const name = file === 'model.json' && folder !== undefined ? folder : file.replace(MODEL_ENDING, '');
  return { kind: 'files', name: name || file, files };
}

/** Pictures of these files, called after the one folder or file that holds them, or by their number. */
export function picturesOfFiles(files: readonly PathedFile[]): DataDescriptor {
  const tops = new Set(files.map(({ path }) => path.split('/')[0]));
  const [top] = tops;
  const name = tops.size === 1 ? top.replace(/\.(zip|npz|npy)$/i, '') : `${files.length} files`;
  return { kind: 'files', name: name || top, files };
}
