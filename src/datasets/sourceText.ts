import { SOURCE_KINDS, type CalibrationSource } from './calibrationSource.ts';

/** Shares of the second kind in a mixture. */
export const SHARE_LIMITS = { least: 0.05, most: 0.95 } as const;

/** `inversion+gaussian:0.3*256.200.1`: three in ten are noise, the rest made from the network: 256 pictures in 200 steps by seed 1. Empty: the open pictures. */
export function encodeSource(source: CalibrationSource | undefined): string {
  if (!source) return '';
  const { kind, mix, made } = source;
  return kind + (mix ? `+${mix.kind}:${Number(mix.share.toFixed(2))}` : '') + (made ? `*${made.count}.${made.steps}.${made.seed}` : '');
}

/** A share out of range is clamped; undefined for what `encodeSource` did not write. */
export function decodeSource(text: string): CalibrationSource | undefined {
  const [, first, second, share, count, steps, seed] = /^(\w+)(?:\+(\w+):(\d*\.?\d{1,9}))?(?:\*(\d{1,4})\.(\d{1,4})\.(\d{1,10}))?$/.exec(text) ?? [];
  const [kind, other] = [first, second].map((name) => SOURCE_KINDS.find((known) => known === name));
  if (!kind || kind === other || (second && !other) || (kind === 'pictures' && !other)) return undefined;
  return {
    kind,
    ...(other ? { mix: { kind: other, share: Math.min(SHARE_LIMITS.most, Math.max(SHARE_LIMITS.least, Number(share))) } } : {}),
    ...(count ? { made: { count: Number(count), steps: Number(steps), seed: Number(seed) } } : {}),
  };
}
