import { shareLeft, type Change } from './change.ts';
import type { LayerChange } from './layerChanges.ts';

/** Less than this share of the MACs is fewer; less than this share of the time is faster. */
const FEWER = 0.95;
const FASTER = 0.95;
/** A step below this share of all measured time says more of the clock than of the layer. */
const LEAST_SHARE = 0.01;
const MOST_NAMED = 4;

/** A step that was measured, with the MACs of all layers that run in it. */
export interface TimedStep {
  readonly layer: string;
  readonly macs: Change;
  readonly milliseconds: Change;
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
    .filter(({ macs, milliseconds }) =>
      macs.before > 0 && isFewer(macs) && !isFaster(milliseconds) && milliseconds.before >= LEAST_SHARE * all)
    .sort((a, b) => b.milliseconds.after - a.milliseconds.after);
}

/**
 * Says where fewer MACs did not make the network, or some of its layers, faster; undefined where they
 * did everywhere. `whole`: the network's MACs and the time of one run.
 */
export function speedNote(
  whole: { readonly macs: Change; readonly milliseconds?: Change },
  layers: readonly LayerChange[] = [],
): string | undefined {
  const sentences: string[] = [];
  if (whole.milliseconds && isFewer(whole.macs) && !isFaster(whole.milliseconds)) {
    sentences.push(
      `${percent(whole.macs)} of the MACs take ${percent(whole.milliseconds)} of the time: ` +
        'fewer MACs did not make the network faster here.',
    );
  }
  const slow = slowSteps(timedSteps(layers));
  if (slow.length > 0) {
    const named = slow.slice(0, MOST_NAMED).map(({ layer, macs, milliseconds }) =>
      `${layer} (${percent(macs)} of its MACs, ${percent(milliseconds)} of its time)`);
    const more = slow.length > MOST_NAMED ? ` and ${slow.length - MOST_NAMED} more` : '';
    sentences.push(`Fewer MACs did not make ${slow.length === 1 ? 'one layer' : `${slow.length} layers`} faster: ${named.join(', ')}${more}.`);
  }
  return sentences.length > 0 ? sentences.join(' ') : undefined;
}

function isFewer(macs: Change): boolean {
  return macs.after < FEWER * macs.before;
}

function isFaster(milliseconds: Change): boolean {
  return milliseconds.after < FASTER * milliseconds.before;
}

function percent(change: Change): string {
  return `${Math.round(100 * shareLeft(change))} %`;
}
