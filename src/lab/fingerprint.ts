import type { Network } from '../network/network.ts';

const SAMPLES = 64;

/** Tells two networks of one name apart by a sample of their weights; not a security measure. FNV-1a. */
export function fingerprint(network: Network): string {
  let hash = 0x811c9dc5;
  const add = (word: number) => {
    hash = Math.imul(hash ^ word, 0x01000193) >>> 0;
  };
  for (const node of network.nodes) {
    for (const letter of node.id) add(letter.charCodeAt(0));
    for (const weight of Object.values(node.weights)) {
      const words = new Uint32Array(weight.values.buffer, weight.values.byteOffset, weight.values.length);
      add(words.length);
      const step = Math.max(1, Math.floor(words.length / SAMPLES));
      for (let i = 0; i < words.length; i += step) add(words[i]);
    }
  }
  return hash.toString(16).padStart(8, '0');
}
