import { describe, expect, it } from 'vitest';
import { knowledgeOf, measuresOf, MOST_MOVED } from './forgettingReport.ts';

describe('knowledgeOf', () => {
  it('counts what each class is taken for, and how much of the forgotten and of the other classes is right', () => {
    const truth = [0, 0, 0, 0, 1, 1, 2, 2, 2];
    const said = Int32Array.from([0, 1, 1, 2, 1, 1, 2, 0, 2]);
    const { confusion, forget, retain } = knowledgeOf(said, truth, 3, new Set([0]));
    expect(confusion).toEqual([[1, 2, 1], [0, 2, 0], [1, 0, 2]]);
    expect(forget).toBe(1 / 4);
    expect(retain).toBe(4 / 5);
  });

  it('says nothing of classes that no picture shows, and leaves labels out of range aside', () => {
    const { confusion, ...known } = knowledgeOf(Int32Array.from([1, 1, 0]), [1, 1, 7], 3, new Set([2]));
    expect(known).toEqual({ retain: 1 });
    expect(confusion.flat().reduce((sum, count) => sum + count)).toBe(2);
    expect(knowledgeOf(Int32Array.from([0]), [2], 3, new Set([2]))).toMatchObject({ forget: 0 });
    expect(knowledgeOf(Int32Array.from([0]), [2], 3, new Set([2]))).not.toHaveProperty('retain');
  });
});

describe('measuresOf', () => {
  const before = Int32Array.from({ length: 500 }, (_, k) => k % 2);
  const after = before.map((c) => (c === 1 ? 0 : c));

  it('lists the forgotten classes’ pictures by where they went, up to a number', () => {
    const labels = Array.from({ length: 900 }, (_, k) => (k === 1 ? 0 : k % 2));
    const { moved, truth, images } = measuresOf(before, after, labels, 2, new Set([1]));
    expect([truth, images, moved.length]).toEqual(['labels', 500, MOST_MOVED]);
    expect(moved.slice(0, 2)).toEqual([{ index: 3, before: 1, after: 0 }, { index: 5, before: 1, after: 0 }]);
  });

  it('takes what the intact network says for the truth where there are no labels', () => {
    const measures = measuresOf(before, after, undefined, 2, new Set([1]));
    expect(measures.truth).toBe('intact');
    expect(measures.before).toMatchObject({ forget: 1, retain: 1 });
    expect(measures.after).toMatchObject({ forget: 0, retain: 1 });
  });
});
