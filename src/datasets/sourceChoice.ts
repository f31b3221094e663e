import type { CalibrationSource, MadeSet, SourceKind } from './calibrationSource.ts';

/** Of pictures that are made in the page. */
export const MADE_LIMITS = { count: { least: 8, most: 1000 }, steps: { least: 1, most: 2000 }, seed: { least: 0, most: 0xffffffff } } as const;

export function clampMade(wanted: MadeSet): MadeSet {
  const clamped = (key: keyof MadeSet) => Math.min(MADE_LIMITS[key].most, Math.max(MADE_LIMITS[key].least, Math.round(wanted[key])));
  return { count: clamped('count'), steps: clamped('steps'), seed: clamped('seed') };
}

/** Without what changes nothing; undefined: the open pictures alone. */
export function simplified(source: CalibrationSource | undefined): CalibrationSource | undefined {
  if (!source) return undefined;
  const mix = source.mix && source.mix.kind !== source.kind ? source.mix : undefined;
  if (source.kind === 'pictures' && !mix) return undefined;
  const bare: CalibrationSource = { kind: source.kind, ...(mix ? { mix } : {}) };
  return source.made && drawsFrom(bare, 'inversion') ? { ...bare, made: source.made } : bare;
}

/** Whether some of the source's pictures are of this kind. */
export function drawsFrom({ kind, mix }: CalibrationSource, wanted: SourceKind): boolean {
  return kind === wanted || mix?.kind === wanted;
}
