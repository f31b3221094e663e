import { toCsv } from './csv.ts';
import { percent } from './format.ts';
import { reachingCount } from './hifiSet.ts';

/** The fidelity that the paper's figures of HiFi sets are read at, and the share that it finds enough in all of its models. */
export const PAPER_ETA = 0.8;
export const PAPER_SHARE = 0.2;
export const ETA_LIMITS = { least: 0.5, most: 0.99 } as const;

export interface NamedCurve {
  readonly name: string;
  readonly label: string;
  /** Fidelity of the best k, k = 1..channels; empty where the group has none. */
  readonly curve: readonly number[];
  readonly channels: number;
}

/** How many of a group's channels reach the paper's η, and the one that was chosen. */
export interface HifiShare {
  readonly name: string;
  readonly label: string;
  readonly channels: number;
  readonly atPaper?: number;
  readonly atEta?: number;
}

/** One entry for each group that has a curve. */
export function hifiShares(groups: readonly NamedCurve[], eta: number): readonly HifiShare[] {
  return groups.flatMap(({ name, label, curve, channels }) => {
    if (curve.length === 0) return [];
    const atPaper = reachingCount(curve, PAPER_ETA);
    const atEta = reachingCount(curve, eta);
    return [{ name, label, channels, ...(atPaper === undefined ? {} : { atPaper }), ...(atEta === undefined ? {} : { atEta }) }];
  });
}

/** Share of all channels that the groups' HiFi sets hold together; undefined where a group does not reach η. */
export function shareOverAll(shares: readonly HifiShare[], at: 'atPaper' | 'atEta'): number | undefined {
  if (shares.length === 0 || shares.some((share) => share[at] === undefined)) return undefined;
  return sum(shares.map((share) => share[at] ?? 0)) / sum(shares.map(({ channels }) => channels));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** "All 9 groups reach η = 0.8 with at most 31 % of their channels". */
export function sharesTitle(shares: readonly HifiShare[], eta: number): string {
  if (shares.length === 0) return 'No group has a fidelity curve';
  const short = shares.filter(({ atEta }) => atEta === undefined);
  if (short.length > 0) return `${short.length} of ${shares.length} groups ${short.length === 1 ? 'does' : 'do'} not reach η = ${etaText(eta)}`;
  const most = Math.max(...shares.map(({ atEta = 0, channels }) => atEta / channels));
  return `${shares.length === 1 ? 'The only group reaches' : `All ${shares.length} groups reach`} η = ${etaText(eta)} with at most ${percent(most, 0)} of ${shares.length === 1 ? 'its' : 'their'} channels`;
}

/** Where the paper's figure stands beside what was found. */
export function paperSentence(shares: readonly HifiShare[]): string {
  const within = shares.filter(({ atPaper, channels }) => atPaper !== undefined && atPaper < PAPER_SHARE * channels).length;
  const all = shareOverAll(shares, 'atPaper');
  const together = all === undefined ? '' : `, ${percent(all, 0)} over all layers`;
  return `The paper finds under ${percent(PAPER_SHARE, 0)} enough for η = ${etaText(PAPER_ETA)} in all of its models; here that holds for ${within} of ${shares.length} groups${together}.`;
}

export function etaText(eta: number): string {
  return String(Number(eta.toFixed(3)));
}

const SHARE_HEADER = (eta: number) => ['group', 'channels', `k at η = ${etaText(PAPER_ETA)}`, 'share', ...(eta === PAPER_ETA ? [] : [`k at η = ${etaText(eta)}`, `share at η = ${etaText(eta)}`])];

export function sharesTable(shares: readonly HifiShare[], eta: number): { readonly header: readonly string[]; readonly rows: readonly (readonly (string | number)[])[] } {
  const rows = shares.map(({ label, channels, atPaper, atEta }) => [label, channels, ...cells(atPaper, channels), ...(eta === PAPER_ETA ? [] : cells(atEta, channels))]);
  const total = shares.reduce((sum, { channels }) => sum + channels, 0);
  const together = (at: 'atPaper' | 'atEta') => {
    const share = shareOverAll(shares, at);
    return cells(share === undefined ? undefined : Math.round(share * total), total);
  };
  return { header: SHARE_HEADER(eta), rows: [...rows, ['over all layers', total, ...together('atPaper'), ...(eta === PAPER_ETA ? [] : together('atEta'))]] };
}

function cells(k: number | undefined, channels: number): readonly (string | number)[] {
  return k === undefined ? ['not reached', '–'] : [k, percent(k / channels, 0)];
}

/** One record a group; empty cells where it does not reach η. */
export function sharesCsv(shares: readonly HifiShare[], eta: number): string {
  return toCsv(
    ['group', 'channels', `k_at_${etaText(PAPER_ETA)}`, `share_at_${etaText(PAPER_ETA)}`, ...(eta === PAPER_ETA ? [] : [`k_at_${etaText(eta)}`, `share_at_${etaText(eta)}`])],
    shares.map(({ name, channels, atPaper, atEta }) => {
      const both = (k: number | undefined) => [k, k === undefined ? undefined : Number((k / channels).toFixed(4))];
      return [name, channels, ...both(atPaper), ...(eta === PAPER_ETA ? [] : both(atEta))];
    }),
  );
}
