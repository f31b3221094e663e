import { join, resolve } from 'node:path';
import { calibrationDraw } from '../datasets/calibrationDraw.ts';
import type { ImageSet } from '../datasets/imageSet.ts';
import { AS_THEY_ARE } from '../datasets/preprocessing.ts';
import type { Correlator } from '../engine/kernels/correlator.ts';
import type { Network } from '../network/network.ts';
import { inferShapes } from '../network/shapes.ts';
import type { SensitivityInput } from '../sensitivity/sensitivity.ts';
import { openDataFolder } from './commands/images.ts';
import { InputError } from './inputFile.ts';

/** What the sensitivity experiment is run on. */
export interface SensitivityFolders {
  /** Its `inversion` holds pictures made from the network; without them that source is left out. */
  readonly model: string;
  readonly data: string;
  /** Pictures of another world; absent: `fashion-mnist-colour` beside the data folder. */
  readonly other?: string;
}

/** The experiment's input from folders; pixels are fed as they are. */
export async function sensitivityInput(
  network: Network,
  { model, data: folder, other = resolve(folder, '..', 'fashion-mnist-colour') }: SensitivityFolders,
  { test, seed, forgetClass, correlator }: { readonly test: number; readonly seed: number; readonly forgetClass: number; readonly correlator: Correlator | undefined },
): Promise<SensitivityInput> {
  const data = await openDataFolder(folder);
  const shapes = inferShapes(network);
  const outputs = (shapes.get(network.outputs[0]) ?? []).reduce((product, size) => product * size, 1);
  const inputShape = shapes.get(network.nodes.find(({ op }) => op === 'input')?.id ?? '') ?? [];
  const tested = Math.min(test, data.count('test'));
  const inversion = () => opened(join(model, 'inversion'), 'pictures made from this network (`lab synthesize` makes some)');
  return {
    network,
    correlator,
    preprocessing: AS_THEY_ARE,
    seed,
    forgetClass,
    draw: (source) => calibrationDraw({ network, inputShape, outputs, preprocessing: AS_THEY_ARE, pictures: () => data, inversion }, source),
    other: () => opened(other, 'pictures of another world'),
    test: data.source('test', Array.from({ length: tested }, (_, k) => k)),
    ...(data.classes.length === outputs ? { testLabels: await data.labels('test') } : {}),
  };
}

/** @throws InputError where there is no such folder */
async function opened(folder: string, what: string): Promise<ImageSet> {
  try {
    return await openDataFolder(folder);
  } catch (error) {
    throw error instanceof Error && 'code' in error && error.code === 'ENOENT' ? new InputError(`There are no ${what} in ${folder}.`) : error;
  }
}
