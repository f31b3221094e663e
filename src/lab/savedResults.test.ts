import { describe, expect, it } from 'vitest';
import { parsePrecomputed } from './precomputed.ts';
import { parseSavedResults } from './savedResults.ts';

describe('what comes from storage or a file', () => {
  it.each(['', '{', 'null', '[]', '{"version":2}', '{"version":1,"history":{"nodes":[{}]},"sweepPoints":[]}', '{"version":1,"history":{"nodes":[]},"sweepPoints":[{"accuracy":7}]}'])('is not taken for results when it is %j', (text) => {
    expect(parseSavedResults(text)).toBeUndefined();
  });

  it('is taken when it is what the page wrote', () => {
    expect(parseSavedResults('{"version":1,"history":{"nodes":[]},"sweepPoints":[]}')).toEqual({ version: 1, history: { nodes: [] }, sweepPoints: [] });
  });

  it('is refused as precomputed results with the field that is wrong', () => {
    expect(() => parsePrecomputed({ version: 1, model: 3 })).toThrow(/model/);
  });
});
