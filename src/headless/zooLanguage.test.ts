import { readFile } from 'node:fs/promises';
import { beforeAll, expect, it } from 'vitest';
import type { TextSet, TextWindows } from '../datasets/texts/textSet.ts';
import type { Correlator } from '../engine/kernels/correlator.ts';
import { measureText } from '../engine/language/measureText.ts';
import type { LanguageModel } from '../engine/language/languageModel.ts';
import { compareNeurons } from './neuronComparison.ts';
import { startNodeEngine } from './nodeEngine.ts';
import { calibrationWindows, readLanguageModel, readText } from './texts.ts';

// The shipped language model on the shipped text: what the page and the docs say of it must hold.

const PUBLIC = new URL('../../public/', import.meta.url).pathname;

let correlator: Correlator;
let model: LanguageModel;
let text: TextSet;

beforeAll(async () => {
  correlator = await startNodeEngine();
  model = await readLanguageModel(`${PUBLIC}models/novels-lm`);
  text = await readText(`${PUBLIC}data/novels`, model, { use: 'halves' });
});

/** Every n-th window of the held-out text, so that all books have a part in it. */
function sample(count: number): TextWindows {
  const all = text.windows('test');
  const places = Array.from({ length: count }, (_, k) => Math.floor(((k + 0.5) * all.count) / count));
  return {
    count,
    shape: all.shape,
    read: (first, some) => text.pixels('test', places.slice(first, first + some)),
    foretold: (index) => all.foretold(places[index]),
  };
}

it('foretells a sample of the held-out text as well as the script that trained it found of all, to 10 %', async () => {
  const card = JSON.parse(await readFile(`${PUBLIC}models/novels-lm/card.json`, 'utf8')) as { perplexity: { perplexity: number; heldOutTokens: number } };
  const all = text.windows('test');
  expect(Array.from({ length: all.count }, (_, k) => all.foretold(k).targets.length).reduce((sum, count) => sum + count)).toBe(card.perplexity.heldOutTokens);
  const { perplexity } = await measureText(model.network, undefined, sample(40));
  expect(Math.abs(perplexity / card.perplexity.perplexity - 1)).toBeLessThan(0.1);
}, 600_000);

it('without 40 % of the hidden units of its MLPs and refitted by least squares foretells better than without those of least magnitude, of Wanda, or of chance', async () => {
  const windows = sample(12);
  const { intact, points } = await compareNeurons(
    { network: model.network, calibration: calibrationWindows(text, 32, 1), correlator, measure: async (network) => (await measureText(network, undefined, windows)).perplexity },
    [0.4],
    [{ select: 'random', compensate: 'none' }, { select: 'l1', compensate: 'none' }, { select: 'wanda', compensate: 'none' }, { select: 'greedy', compensate: 'leastSquares' }],
  );
  const [random, l1, wanda, ours] = points.map(({ measured }) => measured);
  expect(ours).toBeGreaterThan(intact);
  expect(ours).toBeLessThan(Math.min(random, l1, wanda));
}, 600_000);
