import type { Change } from './change.ts';
import type { LayerChange } from './layerChanges.ts';
import { isNoFaster, percentLeft, type Speed } from './speedNote.ts';

/** A step below this share of all measured time says more of the clock than of the layer. */
const LEAST_SHARE = 0.01;
const MOST_NAMED = 4;

/** A step that was measured, with the MACs of all layers that run in it. */
export interface TimedStep extends Speed {
  readonly layer: string;
}

/** The measured steps of a table of layers. */
export function timedSteps(layers: readonly LayerChange[]): TimedStep[] {
  return layers.flatMap(({ layer, milliseconds }) => {
    if (!milliseconds) return [];
    const members = layers.filter((other) => other.layer === layer || other.timedWith === layer);
    const sum = (side: keyof Change) => members.reduce((total, { macs }) => total + macs[side], 0);
    return [{ layer, macs: { before: sum('before'), after: sum('after') }, milliseconds }];
  });
}

/** Steps that lost MACs and became no faster, those that take longest first. */
export function slowSteps(steps: readonly TimedStep[]): TimedStep[] {
  const all = steps.reduce((sum, { milliseconds }) => sum + milliseconds.before, 0);
  return steps
    .filter((step) => isNoFaster(step) && step.milliseconds.before >= LEAST_SHARE * all)
    .sort((a, b) => b.milliseconds.after - a.milliseconds.after);
}

/** Says which layers fewer MACs did not make faster; undefined where they did everywhere, or nothing was measured. */
export function slowLayersNote(layers: readonly LayerChange[]): string | undefined {
  const slow = slowSteps(timedSteps(layers));
  if (slow.length === 0) return undefined;
  const named = slow.slice(0, MOST_NAMED).map(({ layer, macs, milliseconds }) =>
    `${layer} (${percentLeft(macs)} of its MACs, ${percentLeft(milliseconds)} of its time)`);
  const more = slow.length > MOST_NAMED ? ` and ${slow.length - MOST_NAMED} more` : '';
  return `Fewer MACs did not make ${slow.length === 1 ? 'one layer' : `${slow.length} layers`} faster: ${named.join(', ')}${more}.`;
}
