import { describe, expect, it } from 'vitest';
import { curveTitle, frontierTitle, gapTitle } from './titles.ts';

describe('the curve’s title', () => {
  it('counts the channels that reach 90 %', () => {
    expect(curveTitle([0.5, 0.85, 0.9, 1])).toBe('3 of 4 channels rebuild 90 % of this layer');
    expect(curveTitle([0.95, 1])).toBe('One of 2 channels rebuilds 90 % of this layer');
    expect(curveTitle([])).toBe('The channels of this layer are scored one by one');
    expect(curveTitle([0.1, 0.2])).toBe('Not even all 2 channels rebuild 90 % of this layer');
  });
});

describe('the frontier’s title', () => {
  const outcome = { axis: 'macs', left: 0.5, accuracyBefore: 0.914, accuracyAfter: 0.863 } as const;
  it('says what was cut and what that cost', () => {
    expect(frontierTitle(outcome)).toBe('Half the multiply–adds cost 5.1 points');
    expect(frontierTitle({ ...outcome, axis: 'params', left: 0.3 })).toBe('Cutting 70 % of the parameters costs 5.1 points');
    expect(frontierTitle({ ...outcome, accuracyAfter: 0.914 })).toBe('Half the multiply–adds cost nothing');
    expect(frontierTitle({ ...outcome, left: 1 })).toBe('Nothing is cut yet');
  });
  it('says by agreement how many predictions changed', () => {
    const agreement = { ...outcome, accuracyBefore: 1, accuracyAfter: 0.949 };
    expect(frontierTitle(agreement, 'agreement')).toBe('Half the multiply–adds change 5.1 % of the predictions');
    expect(frontierTitle({ ...agreement, left: 0.3 }, 'agreement')).toBe('Cutting 70 % of the multiply–adds changes 5.1 % of the predictions');
    expect(frontierTitle({ ...agreement, accuracyAfter: 1 }, 'agreement')).toBe('Half the multiply–adds change no prediction');
    expect(frontierTitle({ ...agreement, axis: 'latency' }, 'agreement')).toBe('2.0× faster changes 5.1 % of the predictions');
  });
  it('does not call a slower network faster', () => {
    expect(frontierTitle({ ...outcome, axis: 'latency', left: 1.2 })).toBe('No faster, and 5.1 points lost');
    expect(frontierTitle({ ...outcome, axis: 'latency' })).toBe('2.0× faster costs 5.1 points');
  });
});

const share = (x: number) => `${x} %`;

it('the gap between the orders says which is better, by how much and where', () => {
  expect(gapTitle({ x: 48, gap: 0.032 }, share, 'macs', 'accuracy')).toBe('Sequential is 3.2 points above one-shot at 48 % of the multiply–adds');
  expect(gapTitle({ x: 48, gap: -0.032 }, share, 'params', 'agreement')).toBe('Sequential is 3.2 points of agreement below one-shot at 48 % of the parameters');
  expect(gapTitle({ x: 2, gap: 0 }, (x) => `${x} ms`, 'latency', 'accuracy')).toBe('Both orders do as well at 2 ms');
});
