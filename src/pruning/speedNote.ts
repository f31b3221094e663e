import { shareLeft, type Change } from './change.ts';

/** Less than this share of the MACs is fewer; less than this share of the time is faster. */
const FEWER = 0.95;
const FASTER = 0.95;

export interface Speed {
  readonly macs: Change;
  readonly milliseconds: Change;
}

/** True of what lost MACs and became no faster. */
export function isNoFaster({ macs, milliseconds }: Speed): boolean {
  return macs.after < FEWER * macs.before && milliseconds.after >= FASTER * milliseconds.before;
}

/** Says where fewer MACs did not make the network faster; undefined where they did. `run`: one run of all of it. */
export function speedNote(run: Speed): string | undefined {
  if (!isNoFaster(run)) return undefined;
  return `${percentLeft(run.macs)} of the MACs take ${percentLeft(run.milliseconds)} of the time: fewer MACs did not make the network faster here.`;
}

export function percentLeft(change: Change): string {
  return `${Math.round(100 * shareLeft(change))} %`;
}
