import { describe, expect, it } from 'vitest';
import { loadRetrained, parseRetrained, retrainedWithout } from './retrained.ts';

const FILE = { testImages: 10_000, networks: [{ without: 3, forget: 0, retain: 0.91, recoverability: 0.62, membership: 1 }, { without: 5, forget: 0, retain: 0.92, recoverability: 0.58 }] };

describe('the retrained reference', () => {
  it('is read beside the model, and found by the class that was forgotten', async () => {
    const asked: string[] = [];
    const fetchJson = async (url: string) => {
      asked.push(url);
      return FILE;
    };
    const retrained = await loadRetrained({ fetchJson, baseUrl: 'https://lab.example/x/' }, 'resnet20-cifar10');
    expect(asked).toEqual(['https://lab.example/x/models/resnet20-cifar10/retrained.json']);
    expect(retrainedWithout(retrained, [3])).toMatchObject({ recoverability: 0.62 });
    for (const classes of [[], [4], [3, 5]]) expect(retrainedWithout(retrained, classes)).toBeUndefined();
    expect(await loadRetrained({ fetchJson: async () => undefined, baseUrl: 'https://lab.example/' }, 'mine')).toBeUndefined();
  });

  it('is refused by name where it says what cannot be', () => {
    for (const networks of [[{ without: 3, forget: 2, retain: 1, recoverability: 0.5 }], [{ without: -1, forget: 0, retain: 1, recoverability: 0.5 }], [{ without: 3, forget: 0, retain: 1 }]]) {
      expect(() => parseRetrained({ ...FILE, networks })).toThrow(expect.objectContaining({ name: 'RetrainedFormatError' }) as Error);
    }
  });
});
