import { expect, it } from 'vitest';
import type { FamilyName } from './families/table.ts';
import { watchFamily } from './watchFamily.ts';

const MIB = 1024 ** 2;
/** What a family may take beyond what its process had before the first case. */
const MOST_GROWTH = 512 * MIB;

export interface Wanted {
  readonly seed: number;
  readonly cases: number;
  /** Of these, how many at least must be refused: a test in which most files open tests little. */
  readonly refused: number;
}

/** The test of one family. */
export function expectFamily(name: FamilyName, { seed, cases, refused }: Wanted): void {
  it(`${name}, seed ${seed}: each of ${cases} or more ends in a named error or a sound result, in bounded memory`, { timeout: 900_000 }, async () => {
    const { names, verdicts, grown, buffers, ended } = await watchFamily(name, seed);
    const faults = verdicts.flatMap(({ fault }, k) => (fault === undefined ? [] : [`case ${k}, ${names[k]}: ${fault}`]));
    expect(faults.slice(0, 12), `${faults.length} faults; once more: npx tsx src/formats/fuzz/runFamily.ts ${name} ${seed} CASE`).toEqual([]);
    expect(ended, 'why it ended early').toBeUndefined();
    expect(verdicts.length).toBe(names.length);
    expect(names.length).toBeGreaterThanOrEqual(cases);
    const refusals = verdicts.filter(({ result }) => result !== 'opened');
    expect(refusals.length).toBeGreaterThanOrEqual(refused);
    expect(grown).toBeLessThan(MOST_GROWTH);
    expect(buffers).toBeLessThan(MOST_GROWTH);
    const slowest = verdicts.reduce((worst, { milliseconds }, k) => (milliseconds > verdicts[worst].milliseconds ? k : worst), 0);
    const kinds = new Set(refusals.map(({ result }) => result));
    console.info(
      `${name}: ${names.length} cases, ${refusals.length} refused by ${kinds.size} kinds of error; ` +
        `slowest ${verdicts[slowest].milliseconds.toFixed(0)} ms (${slowest}, ${names[slowest]}); ${Math.round(grown / MIB)} MiB more at the largest`,
    );
  });
}
