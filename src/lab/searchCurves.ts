import type { GroupDetail, GroupFidelity } from '../workers/protocol.ts';
import { reachingCount } from './hifiSet.ts';
import { etaText } from './hifiShares.ts';

export const CURVE_KEYS = ['method', 'leastSquares', 'exact', 'greedy', 'backward', 'scale', 'best', 'median'] as const;
export type CurveKey = (typeof CURVE_KEYS)[number];

/** One way to choose k channels, and how well its choices rebuild the layer. */
export interface SearchCurve {
  readonly key: CurveKey;
  /** By itself, as in a table. */
  readonly label: string;
  /** Where there is little room, or others stand beside it. */
  readonly short: string;
  /** Fidelity of its k channels, k = 1..channels. */
  readonly curve: readonly number[];
}

/** What the request keeps, where none of the searches is just that. */
export interface MethodCurve {
  readonly label: string;
  readonly curve: readonly number[];
}

/** Every curve that is known of a group, the better searches first. The searches rescale what is kept. */
export function searchCurves(fidelity: GroupFidelity | undefined, detail: GroupDetail | undefined, method?: MethodCurve): readonly SearchCurve[] {
  const orders = detail?.band.permutations ?? 0;
  const exact = detail?.optimal === false ? 'best found' : 'exact';
  const curves: readonly (Omit<SearchCurve, 'curve'> & { readonly curve?: readonly number[] })[] = [
    { key: 'method', label: method?.label ?? '', short: method?.label ?? '', curve: method?.curve },
    { key: 'leastSquares', label: 'singleton + least squares', short: 'least squares', curve: fidelity?.curves.leastSquares },
    { key: 'exact', label: exact, short: exact, curve: detail?.exact },
    { key: 'greedy', label: 'greedy', short: 'greedy', curve: detail?.greedy },
    { key: 'backward', label: 'backward', short: 'backward', curve: detail?.backward },
    { key: 'scale', label: 'singleton + scale', short: 'singleton', curve: fidelity?.curves.scale },
    { key: 'best', label: `best of ${orders} random`, short: 'best random', curve: detail?.band.best },
    { key: 'median', label: 'random median', short: 'random', curve: detail?.band.median },
  ];
  return curves.flatMap(({ curve, ...named }) => (curve && curve.length > 0 ? [{ ...named, curve }] : []));
}

export interface Reach {
  readonly key: CurveKey;
  readonly short: string;
  /** Undefined where it does not reach η. */
  readonly k?: number;
}

/** How many channels each way needs for η. */
export function reaches(curves: readonly SearchCurve[], eta: number): readonly Reach[] {
  return curves.map(({ key, short, curve }) => {
    const k = reachingCount(curve, eta);
    return { key, short, ...(k === undefined ? {} : { k }) };
  });
}

/** "η = 0.8 with: least squares 10, greedy 11, singleton 13". */
export function reachSentence(found: readonly Reach[], eta: number): string {
  return `η = ${etaText(eta)} with: ${found.map(({ short, k }) => `${short} ${k ?? 'never'}`).join(', ')}`;
}

/** A row for each k: every curve, and the random subsets' 5–95 % band. */
export function curvesTable(curves: readonly SearchCurve[], detail: GroupDetail | undefined): { readonly header: readonly string[]; readonly rows: readonly (readonly (string | number)[])[] } {
  const band = detail && detail.band.low.length > 0 ? [{ label: 'random 5 %', curve: detail.band.low }, { label: 'random 95 %', curve: detail.band.high }] : [];
  const columns = [...curves, ...band];
  const n = Math.max(0, ...columns.map(({ curve }) => curve.length));
  return {
    header: ['k', ...columns.map(({ label }) => label)],
    rows: Array.from({ length: n }, (_, i) => [i + 1, ...columns.map(({ curve }) => curve[i]?.toFixed(4) ?? '')]),
  };
}
