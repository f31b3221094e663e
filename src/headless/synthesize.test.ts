import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { computeLogits, topClasses } from '../engine/evaluate.ts';
import { readNpy, writeNpy } from '../formats/npy.ts';
import { networkBuilder, residualNetwork } from '../network/fixtures/networks.ts';
import { synthesizeCommand } from './commands/synthesize.ts';
import { readImages, readModel, writeModel } from './files.ts';

let folder: string;
const at = (...path: string[]): string => join(folder, ...path);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lab-synthesize-'));
  await writeModel(residualNetwork(), at('small'));
  const b = networkBuilder(1);
  await writeModel(b.build('vectors', b.dense('logits', b.input('input', [8]), 8, 3)), at('vectors'));
});
afterEach(() => void vi.restoreAllMocks());
afterAll(() => rm(folder, { recursive: true }));

async function run(...words: string[]): Promise<void> {
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  await synthesizeCommand().exitOverride().configureOutput({ writeErr: () => {} }).parseAsync(words, { from: 'user' });
}

async function array(name: string) {
  const { shape, values } = readNpy(new Uint8Array(await readFile(at(name))));
  return { shape, values: Array.from(values) };
}

/** Each picture's values as one text. */
async function pictures(name: string): Promise<string[]> {
  const { shape, values } = await array(name);
  const size = values.length / shape[0];
  return Array.from({ length: shape[0] }, (_, k) => values.slice(k * size, (k + 1) * size).join());
}

describe('lab synthesize', () => {
  it('draws pictures of a shape, or of a network’s input, the same for the same seed', async () => {
    await run('--source', 'deadLeaves', '--shape', '12,10,1', '--count', '4', '--seed', '3', '--out', at('a.npy'));
    await run('--source', 'deadLeaves', '--shape', '12,10,1', '--count', '6', '--seed', '3', '--out', at('b.npy'));
    await run('--source', 'colourNoise', '--model', at('small'), '--count', '2', '--out', at('c.npy'));
    const [a, b, c] = [await array('a.npy'), await array('b.npy'), await array('c.npy')];
    expect(a.shape).toEqual([4, 12, 10, 1]);
    expect(a.values).toEqual(b.values.slice(0, a.values.length));
    expect(new Set(a.values).size).toBeGreaterThan(20);
    expect(c.shape).toEqual([2, 8, 8, 3]);
  });

  it('makes pictures from the network, which puts them in the classes it writes, and reports how', async () => {
    await run('--source', 'inversion', '--model', at('small'), '--count', '6', '--steps', '40', '--classes', '1,2', '--labels', at('l.npy'), '--report', at('r.json'), '--out', at('i.npy'));
    const labels = [...(await array('l.npy')).values];
    expect(labels).toEqual([1, 2, 1, 2, 1, 2]);
    const report = JSON.parse(await readFile(at('r.json'), 'utf8')) as { inClass: number; norms: number; curve: { loss: number }[] };
    const found = topClasses(await computeLogits(await readModel(at('small')), await readImages(at('i.npy'))));
    expect(report.inClass).toBeCloseTo(labels.filter((label, k) => found[k] === label).length / 6, 9);
    expect(report.norms).toBeGreaterThan(0);
    expect(report.curve).toHaveLength(40);
    expect(report.curve[39].loss).toBeLessThan(report.curve[0].loss);
  });

  it('mixes in a second kind, or pictures of a file', async () => {
    await run('--source', 'gaussian', '--shape', '8,8,3', '--count', '8', '--mix', 'deadLeaves=0.25', '--out', at('m.npy'));
    await run('--source', 'gaussian', '--shape', '8,8,3', '--count', '6', '--out', at('g.npy'));
    await writeFile(at('white.npy'), writeNpy([5, 8, 8, 3], new Uint8Array(960).fill(255)));
    await run('--source', 'gaussian', '--shape', '8,8,3', '--count', '8', '--mix', `${at('white.npy')}=0.5`, '--out', at('w.npy'));
    const [mixed, gaussian] = [await pictures('m.npy'), await pictures('g.npy')];
    expect(mixed.filter((own) => gaussian.includes(own))).toEqual(gaussian);
    expect((await pictures('w.npy')).filter((own) => /^255(,255)*$/.test(own))).toHaveLength(4);
  });

  it.each<[string, string[], RegExp]>([
    ['a kind that there is not', ['--source', 'fractals', '--shape', '8,8,3'], /deadLeaves, colourNoise, gaussian, inversion/],
    ['inversion of nothing', ['--source', 'inversion', '--shape', '8,8,3'], /--model/],
    ['no shape', ['--source', 'gaussian'], /--shape such as 32,32,3/],
    ['five channels', ['--source', 'gaussian', '--shape', '8,8,5'], /8 × 8 × 5 has 5/],
    ['a mixture of nonsense', ['--source', 'gaussian', '--shape', '8,8,3', '--mix', 'fractals=0.5'], /share between 0 and 1/],
    ['a share of all', ['--source', 'gaussian', '--shape', '8,8,3', '--mix', 'deadLeaves=1'], /share between 0 and 1/],
    ['labels of leaves', ['--source', 'deadLeaves', '--shape', '8,8,3', '--labels', 'x.npy'], /Only inversion/],
    ['no pictures', ['--source', 'gaussian', '--shape', '8,8,3', '--count', '0'], /whole number from 1/],
  ])('refuses %s', async (_, words, message) => {
    await expect(run(...words, '--out', at('no.npy'))).rejects.toThrow(message);
  });

  it('refuses networks that take no pictures, and classes that a network has not', async () => {
    await expect(run('--source', 'deadLeaves', '--model', at('vectors'), '--out', at('no.npy'))).rejects.toThrow(/takes 8, not pictures/);
    await expect(run('--source', 'inversion', '--model', at('small'), '--classes', '9', '--out', at('no.npy'))).rejects.toThrow(/class 9: the network tells \d+ classes apart/);
  });
});
