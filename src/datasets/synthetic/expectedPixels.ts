import type { Network } from '../../network/network.ts';
import type { Preprocessing } from '../preprocessing.ts';

/** Of pixels 0–255, by channel in RGB order; one number holds for all channels. */
export interface PixelStatistics {
  readonly mean: readonly number[];
  readonly deviation: readonly number[];
}

/** Where neither the preprocessing nor the network says: about those of natural pictures. */
export const USUAL_PIXELS: PixelStatistics = { mean: [120], deviation: [64] };

/**
 * The pixels that come to mean 0 and deviation 1 by the network's preprocessing and by the rescaling
 * that it begins with. Scalings to a range, such as 0–1 or −1–1, tell nothing of that kind: then
 * `USUAL_PIXELS`.
 */
export function expectedPixels(network: Network, { scale, mean, deviation, order }: Preprocessing): PixelStatistics {
  const first = firstRescaling(network);
  const channels = Array.from({ length: Math.max(mean.length, deviation.length) }, (_, c) => {
    const own = deviation[Math.min(c, deviation.length - 1)];
    // the network sees `factor · pixel + offset`
    const factor = (first.scale * scale) / own;
    const offset = first.offset - (first.scale * mean[Math.min(c, mean.length - 1)]) / own;
    return { mean: -offset / factor, deviation: Math.abs(1 / factor) };
  });
  const telling = channels.every((own) => own.mean >= 64 && own.mean <= 191 && own.deviation >= 16 && own.deviation <= 96);
  if (!telling) return USUAL_PIXELS;
  if (order === 'BGR' && channels.length === 3) channels.reverse();
  return { mean: channels.map((own) => own.mean), deviation: channels.map((own) => own.deviation) };
}

function firstRescaling({ nodes }: Network): { readonly scale: number; readonly offset: number } {
  const input = nodes.find((node) => node.op === 'input');
  const readers = nodes.filter((node) => input && node.inputs.includes(input.id));
  const [only] = readers;
  return readers.length === 1 && only.op === 'rescaling' ? only.attributes : { scale: 1, offset: 0 };
}
