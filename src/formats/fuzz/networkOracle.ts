import { isDeepStrictEqual } from 'node:util';
import { coupling } from '../../network/coupling.ts';
import type { Network } from '../../network/network.ts';
import { inferShapes, validateNetwork, weightsOf } from '../../network/shapes.ts';
import { filesInMemory, openModel } from '../modelFormats.ts';
import type { FuzzCase } from './fuzzCase.ts';

/**
 * What may be opened:
 * - `refused`: nothing, the damage must be noticed
 * - `unchanged`: only the very network of the sound file
 * - `sameLayers`: a network that differs from that in the values of its weights
 * - `anyNetwork`: any that is valid, where the damage may be another model's description
 */
export type Expectation = 'refused' | 'unchanged' | 'sameLayers' | 'anyNetwork';

export type Files = Readonly<Record<string, Uint8Array>>;

export interface ModelCase {
  readonly name: string;
  readonly files: () => Files;
  readonly expect: Expectation;
  readonly sound: Network;
  /** What else may be wrong about a network that was opened, such as what another runtime makes of the files. */
  readonly compare?: (opened: Network, files: Files) => Promise<string | undefined>;
}

export function openFiles(files: Files): Promise<Network> {
  return openModel(filesInMemory(new Map(Object.entries(files))));
}

/** Opening the files by the front door. */
export function modelCase({ name, files, expect, sound, compare }: ModelCase): FuzzCase {
  return {
    name: `${name} (${expect})`,
    make: () => {
      const made = files();
      return {
        open: () => openFiles(made),
        faultIn: async (opened) => faultInNetwork(opened as Network, expect, sound) ?? (await compare?.(opened as Network, made)),
      };
    },
  };
}

/** Values of one picture that any layer may have: 1 GiB of them. */
const MOST_VALUES = 2 ** 28;

function faultInNetwork(network: Network, expect: Expectation, sound: Network): string | undefined {
  if (expect === 'refused') return 'opened, though the damage must be noticed';
  if (expect === 'unchanged' && !isDeepStrictEqual(network, sound)) return 'opened as another network, in silence';
  if (expect === 'sameLayers' && !isDeepStrictEqual(layersOf(network), layersOf(sound))) return 'opened with other layers, in silence';
  try {
    validateNetwork(network);
    const shapes = inferShapes(network);
    for (const [id, shape] of shapes) {
      if (shape.reduce((product, size) => product * size, 1) > MOST_VALUES) return `opened, though "${id}" has a value of ${shape.join(' × ').slice(0, 100)}`;
    }
    coupling(network);
  } catch (error) {
    return `opened, but is not valid: ${String(error)}`;
  }
  return undefined;
}

/** All but the values of weights. */
function layersOf({ name, nodes, outputs }: Network): unknown {
  const layers = nodes.map((node) => ({ ...node, weights: weightsOf(node).map(([weight, { shape }]) => [weight, shape]) }));
  return { name, outputs, layers };
}
