import { describe, expect, it } from 'vitest';
import { curveTitle, frontierTitle, gapTitle } from './titles.ts';

describe('the curve’s title', () => {
  it('counts the channels that reach 90 %', () => {
    expect(curveTitle([0.5, 0.85, 0.9, 1])).toBe('3 of 4 channels rebuild 90 % of this layer');
    expect(curveTitle([0.95, 1])).toBe('One of 2 channels rebuilds 90 % of this layer');
    expect(curveTitle([])).toBe('The channels of this layer are scored one by one');
    expect(curveTitle([0.1, 0.2])).toBe('Not even all 2 channels rebuild 90 % of this layer');
    expect(curveTitle([0.5, 0.95, 1], 0.9, 'heads')).toBe('2 of 3 heads rebuild 90 % of this layer');
  });
});

describe('the frontier’s title', () => {
  const outcome = { axis: 'macs', left: 0.5, before: 0.914, after: 0.863 } as const;
  it('says what was cut and what that cost', () => {
    expect(frontierTitle(outcome)).toBe('Half the multiply–adds cost 5.1 points');
    expect(frontierTitle({ ...outcome, axis: 'params', left: 0.3 })).toBe('Cutting 70 % of the parameters costs 5.1 points');
    expect(frontierTitle({ ...outcome, after: 0.914 })).toBe('Half the multiply–adds cost nothing');
    expect(frontierTitle({ ...outcome, left: 1 })).toBe('Nothing is cut yet');
  });
  it('says by agreement how many predictions changed', () => {
    const agreement = { ...outcome, before: 1, after: 0.949 };
    expect(frontierTitle(agreement, 'agreement')).toBe('Half the multiply–adds change 5.1 % of the predictions');
    expect(frontierTitle({ ...agreement, left: 0.3 }, 'agreement')).toBe('Cutting 70 % of the multiply–adds changes 5.1 % of the predictions');
    expect(frontierTitle({ ...agreement, after: 1 }, 'agreement')).toBe('Half the multiply–adds change no prediction');
    expect(frontierTitle({ ...agreement, axis: 'latency' }, 'agreement')).toBe('2.0× faster changes 5.1 % of the predictions');
  });
  it('says by perplexity from where to where it went', () => {
    const perplexity = { ...outcome, before: 21.3, after: 28.9 };
    expect(frontierTitle(perplexity, 'perplexity')).toBe('Half the multiply–adds raise perplexity from 21.30 to 28.90');
    expect(frontierTitle({ ...perplexity, left: 0.8, after: 4.2e7 }, 'perplexity')).toBe('Cutting 20 % of the multiply–adds raises perplexity from 21.30 to 4.2 × 10^7');
    expect(frontierTitle({ ...perplexity, left: 0.8, after: 20.9 }, 'perplexity')).toBe('Cutting 20 % of the multiply–adds lowers perplexity from 21.30 to 20.90');
    expect(frontierTitle({ ...perplexity, after: 21.3 }, 'perplexity')).toBe('Half the multiply–adds leave perplexity at 21.30');
    expect(frontierTitle({ ...perplexity, axis: 'latency' }, 'perplexity')).toBe('2.0× faster raises perplexity from 21.30 to 28.90');
  });
  it('does not call a slower network faster', () => {
    expect(frontierTitle({ ...outcome, axis: 'latency', left: 1.2 })).toBe('No faster, and 5.1 points lost');
    expect(frontierTitle({ ...outcome, axis: 'latency' })).toBe('2.0× faster costs 5.1 points');
  });
});

const share = (x: number) => `${x} %`;

it('the gap between the orders says which is better, by how much and where', () => {
  expect(gapTitle({ x: 48, oneShot: 0.6, sequential: 0.632 }, share, 'macs', 'accuracy')).toBe('Sequential is 3.2 points above one-shot at 48 % of the multiply–adds');
  expect(gapTitle({ x: 48, oneShot: 0.632, sequential: 0.6 }, share, 'params', 'agreement')).toBe('Sequential is 3.2 points of agreement below one-shot at 48 % of the parameters');
  expect(gapTitle({ x: 2, oneShot: 0.5, sequential: 0.5 }, (x) => `${x} ms`, 'latency', 'accuracy')).toBe('Both orders do as well at 2 ms');
  expect(gapTitle({ x: 48, oneShot: 30, sequential: 27 }, share, 'macs', 'perplexity')).toBe('Sequential’s perplexity is 10.0 % below one-shot’s at 48 % of the multiply–adds');
});
