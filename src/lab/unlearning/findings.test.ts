import { describe, expect, it } from 'vitest';
import { measuresOf, type ForgettingReport } from '../../unlearning/forgettingReport.ts';
import { DEFAULT_UNLEARN } from '../../unlearning/unlearnRequest.ts';
import { listed, withNames } from './classNames.ts';
import { confusionTitle, depthTitle, destinations, destinationsTitle, headline, trialsTitle } from './findings.ts';
import { comparisonTable, confusionTable } from './tables.ts';
import { methodLabel } from './methods.ts';
import { tradeOffPoints, undominated } from './tradeOffPoints.ts';
import { tuningCurve } from './tuning.ts';

const NAMES = ['cat', 'dog', 'frog'];
const LABELS = Array.from({ length: 300 }, (_, k) => k % 3);
const BEFORE = Int32Array.from(LABELS, (c, k) => (k % 30 === 0 ? 1 : c));

/** Cats become dogs but for `left` of a hundred; `wrong` of a hundred frogs become cats. */
function report(left = 0, wrong = 5, over: Partial<ForgettingReport> = {}): ForgettingReport {
  const after = Int32Array.from(LABELS, (c, k) => {
    const nth = Math.floor(k / 3);
    if (c === 0) return nth < left ? 0 : 1;
    return c === 2 && nth < wrong ? 1 : c;
  });
  return {
    method: 'ours',
    settings: { ...DEFAULT_UNLEARN, classes: [0] },
    pictures: { forget: 256, retain: 256, by: 'labels' },
    measures: measuresOf(BEFORE, after, LABELS, 3, new Set([0])),
    trials: [],
    removed: [],
    headAlone: false,
    gradientSteps: 0,
    milliseconds: 5200,
    ...over,
  };
}

const tried = (retain: number, regained: number, left = 0) => report(left, retain, { recoverability: { before: 0.9, after: regained } });
const trial = (share: number, forget: number) => ({ share, forget, retain: 0.9 });

describe('what is said of a network that forgot', () => {
  it('stands in the headline, with its figures', () => {
    expect(headline(report(), NAMES)).toBe('The network no longer knows “cat”: 0.0 % forget, 97.5 % retain (−2.5 points), 5.2 s');
    expect(headline(report(12), NAMES)).toMatch(/^The network still knows “cat”: 12\.0 % forget/);
    const none = report(0, 0, { measures: measuresOf(BEFORE.subarray(1, 3), BEFORE.subarray(1, 3), [1, 2], 3, new Set([0])) });
    expect(headline(none, NAMES)).toBe('No test picture shows “cat”: 100.0 % retain (±0.0 points)');
  });

  it('tells where the pictures go, and which class pays', () => {
    expect(destinations(report(10))).toEqual([
      { class: 1, before: 0.1, after: 0.9 },
      { class: 0, before: 0.9, after: 0.1 },
    ]);
    expect(destinationsTitle(report(10), NAMES)).toBe('“cat” is now taken for “dog” (90 %, 10 % for “cat”)');
    expect(confusionTitle(report(), NAMES)).toBe('Of the classes that stay “frog” loses most: 5.0 points');
    expect(confusionTitle(report(0, 0), NAMES)).toBe('No class that stays is known worse than before');
    expect(confusionTable(report().measures.after, NAMES, 'labels').rows[2]).toEqual(['frog', 0, 5, 95]);
  });

  it('says how deep the forgetting goes, and what an edit of the head alone is', () => {
    const recoverability = { before: 0.9, after: 0.7 };
    expect(depthTitle(report(0, 5, { recoverability }), NAMES, 0.6)).toBe('A probe regains 70 % of “cat” from the features (90 % before, 60 % on a network that never saw it)');
    expect(depthTitle(report(0, 5, { recoverability, headAlone: true }), NAMES)).toMatch(/^Only the last layer was edited/);
    expect(depthTitle(report(), NAMES)).toBe('How deep the forgetting goes could not be measured here');
  });

  it('says what share was enough, or how near it came', () => {
    expect(trialsTitle([trial(0, 0.9), trial(0.05, 0.1), trial(0.1, 0.004)])).toBe('10 % of the channels removed is enough: 0.4 % of the forget pictures are still known');
    expect(trialsTitle([trial(0, 0.9), trial(0.05, 0.1), trial(0.1, 0.2)])).toBe('Not forgotten yet: at best 10.0 % of the forget pictures, with 5 % removed');
  });

  it('puts methods side by side', () => {
    const { header, rows } = comparisonTable([report(), report(3, 1, { method: 'jia', gradientSteps: 1200, membership: { before: 0.6, after: 0.2 } })]);
    expect(header).toHaveLength(rows[0].length);
    expect(rows[1]).toEqual(['Jia et al.', '3.0 %', '99.5 %', '−0.5', '–', '20.0 %', '1,200', '5.2 s', '300']);
    expect(methodLabel(report(0, 0, { settings: { ...DEFAULT_UNLEARN, head: false, classes: [0] }, tuned: { epochs: 1, pictures: 64 } }))).toBe('contrast, forget-aware, head kept, fine-tuned 1 epoch');
  });
});

describe('the trade-off', () => {
  it('puts what was tried beside the intact network and one that never saw the class', () => {
    const reference = { without: 0, forget: 0, retain: 0.9, recoverability: 0.5 };
    const points = tradeOffPoints([report(), tried(5, 0.7), tried(1, 0.8, 50)], reference);
    expect(points.map(({ label, kind }) => [label, kind])).toEqual([['intact', 'reference'], ['never saw it', 'reference'], ['contrast, forget-aware', 'forgot'], ['contrast, forget-aware', 'knows']]);
    expect(points[0]).toMatchObject({ forget: 0.9, retain: 1, recoverability: 0.9 });
    expect(tradeOffPoints([report()], reference)).toEqual([]);
  });

  it('finds those that nothing else beats', () => {
    // of frogs 2, 4, 6 in a hundred are lost
    const points = tradeOffPoints([tried(2, 0.8), tried(4, 0.8), tried(6, 0.3), tried(0, 0.1, 60)], undefined);
    expect(undominated(points).map(({ recoverability }) => recoverability)).toEqual([0.8, 0.3]);
  });
});

describe('class names', () => {
  it('are listed as they are read, and put beside numbers', () => {
    expect([listed([0], NAMES), listed([0, 2], NAMES), listed([0, 1, 2], NAMES)]).toEqual(['“cat”', '“cat” and “frog”', '“cat”, “dog” and “frog”']);
    expect(withNames('Class 2 is out of range; most in class 1, none in class 7.', NAMES)).toBe('Class 2 (“frog”) is out of range; most in class 1 (“dog”), none in class 7.');
  });
});

describe('tuningCurve', () => {
  it('draws few points however many steps there are, and loses none of the mean', () => {
    const steps = Array.from({ length: 1000 }, (_, k) => ({ step: k + 1, steps: 2000, epoch: 1, rate: 0.1, loss: k, accuracy: 0.5 }));
    const points = tuningCurve(steps, 4);
    expect(points.length).toBeLessThanOrEqual(120);
    expect(points.at(-1)?.at).toBeLessThanOrEqual(2);
    expect(points.at(-1)?.at).toBeGreaterThan(1.98);
    expect(points[0].loss).toBeCloseTo(4, 9);
    expect(tuningCurve([], 4)).toEqual([]);
  });
});
