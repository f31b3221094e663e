import type { Weight } from '../../network/network.ts';
import { transposeValues } from '../onnx/transposeValues.ts';
import { openSafetensors, type OpenSafetensors } from '../safetensors.ts';
import type { Slot } from './draft.ts';
import { HuggingFaceWeightsError } from './errors.ts';
import type { Family } from './family.ts';
import type { MemoryNeed } from './memory.ts';
import type { Shards } from './shards.ts';
import type { Json } from './settings.ts';

/** Bytes of a stored value by a config's `torch_dtype` (since version 5 of the library, `dtype`). */
const STORED_BYTES: ReadonlyMap<unknown, number> = new Map([['float32', 4], ['float16', 2], ['bfloat16', 2]]);

/** What reading `slots` takes, from what config and index say; no shard is read for it. */
export function memoryNeed(slots: ReadonlyMap<string, Slot>, { files, fileOf, totalBytes }: Shards, config: Json): MemoryNeed {
  const perFile = new Map(files.map((file) => [file, 0]));
  let parameters = 0;
  for (const { tensor, stored } of slots.values()) {
    const count = stored.reduce((product, axis) => product * axis, 1);
    parameters += count;
    const file = fileOf?.get(tensor) ?? files[0];
    perFile.set(file, (perFile.get(file) ?? 0) + count);
  }
  const said = STORED_BYTES.get(config['torch_dtype'] ?? config['dtype']) ?? 4;
  const bytes = totalBytes === undefined ? said : Math.min(4, totalBytes / parameters);
  const largestFile = Math.max(...perFile.values()) * bytes;
  return { parameters, weights: 4 * parameters, largestFile, total: 4 * parameters + largestFile };
}

/**
 * The weights of all slots by tensor name, shard by shard: one file is read, converted and let go
 * before the next. Peak: the weights, one file, and twice the largest tensor. `slotsFor` takes the
 * names of all tensors that there are.
 *
 * @throws HuggingFaceWeightsError where tensors are missing, unknown or misshapen; SafetensorsError; what `read` throws
 */
export async function readWeights(
  slotsFor: (names: readonly string[]) => ReadonlyMap<string, Slot>,
  { files, fileOf }: Shards,
  { unused }: Pick<Family, 'unused'>,
  read: (path: string) => Promise<Uint8Array>,
): Promise<ReadonlyMap<string, Weight>> {
  let slots = fileOf && slotsFor([...fileOf.keys()]);
  if (fileOf && slots) requireNames(slots, [...fileOf.keys()], unused);
  const weights = new Map<string, Weight>();
  const found: string[] = [];
  for (const file of files) {
    const shard = openSafetensors(await read(file));
    const names = shard.entries.map(({ name }) => name);
    slots ??= slotsFor(names);
    readShard(file, shard, slots, weights);
    found.push(...names);
  }
  requireNames(slots ?? new Map(), found, unused);
  return weights;
}

function readShard(file: string, shard: OpenSafetensors, slots: ReadonlyMap<string, Slot>, weights: Map<string, Weight>): void {
  const misshapen = shard.entries.flatMap(({ name, shape }) => {
    const slot = slots.get(name);
    return slot === undefined || slot.stored.join() === shape.join() ? [] : [`"${name}" is [${shape.join(', ')}] instead of [${slot.stored.join(', ')}]`];
  });
  if (misshapen.length > 0) throw new HuggingFaceWeightsError(`${file}: tensors do not have the shapes that config.json asks for: ${few(misshapen)}.`);
  for (const { name } of shard.entries) {
    const slot = slots.get(name);
    if (!slot) continue;
    if (weights.has(name)) throw new HuggingFaceWeightsError(`${file}: the tensor "${name}" stands in another file too.`);
    const { values } = shard.tensor(name);
    weights.set(name, { shape: slot.shape, values: slot.order ? transposeValues(values, slot.stored, slot.order) : values });
  }
}

function requireNames(slots: ReadonlyMap<string, Slot>, found: readonly string[], unused: RegExp): void {
  const known = new Set(found);
  const missing = [...slots.keys()].filter((name) => !known.has(name)).map((name) => `"${name}"`);
  if (missing.length > 0) {
    throw new HuggingFaceWeightsError(`The files lack ${missing.length} of the ${slots.size} tensors that config.json asks for: ${few(missing)}.`);
  }
  const extra = found.filter((name) => !slots.has(name) && !unused.test(name)).map((name) => `"${name}"`);
  if (extra.length > 0) {
    throw new HuggingFaceWeightsError(`The files hold ${extra.length} tensors that a model of this config.json does not have: ${few(extra)}. It may be of another class.`);
  }
}

function few(things: readonly string[]): string {
  return things.slice(0, 4).join(', ') + (things.length > 4 ? ', …' : '');
}
