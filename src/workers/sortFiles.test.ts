import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import type { NamedFile } from '../storage/namedFile.ts';
import { sortFiles } from './sortFiles.ts';

function file(path: string, bytes = new Uint8Array(1)): NamedFile {
  return { path, size: bytes.length, read: async () => bytes };
}

function zip(path: string, ...names: string[]): NamedFile {
  return file(path, zipSync(Object.fromEntries(names.map((name) => [name, new Uint8Array(3)]))));
}

async function sorted(...files: NamedFile[]) {
  const { model, pictures } = await sortFiles(files);
  return { model: model.map((at) => files[at].path), pictures: pictures.map((at) => files[at].path) };
}

describe('sortFiles', () => {
  it.each([
    ['a layers model', ['net/model.json', 'net/group1-shard1of1.bin', 'net/.DS_Store'], ['net/model.json', 'net/group1-shard1of1.bin'], []],
    ['a model under another name', ['mine.json', 'mine.bin'], ['mine.json', 'mine.bin'], []],
    ['a Keras file', ['net.keras'], ['net.keras'], []],
    ['an ONNX model with its data', ['net.onnx', 'net.onnx.data'], ['net.onnx', 'net.onnx.data'], []],
    ['pictures in folders, with notes', ['pets/cat/1.jpg', 'pets/dog/2.PNG', 'pets/annotations.json', 'pets/readme.md'], [], ['pets/cat/1.jpg', 'pets/dog/2.PNG']],
    ['arrays', ['x.npy', 'y.npy'], [], ['x.npy', 'y.npy']],
    ['a model whose folder shows pictures of it', ['net/model.json', 'net/w.bin', 'net/curve.png'], ['net/model.json', 'net/w.bin'], []],
    ['a model and pictures beside it', ['net.onnx', 'a.png', 'b.png'], ['net.onnx'], ['a.png', 'b.png']],
    ['a model’s folder and a folder of pictures', ['net/model.json', 'net/w.bin', 'pets/cat/1.jpg', 'pets/dog/2.jpg'], ['net/model.json', 'net/w.bin'], ['pets/cat/1.jpg', 'pets/dog/2.jpg']],
    ['a language model', ['lm/config.json', 'lm/model.safetensors', 'lm/tokenizer.json', 'lm/merges.txt', 'lm/README.md'], ['lm/config.json', 'lm/model.safetensors', 'lm/tokenizer.json', 'lm/merges.txt', 'lm/README.md'], []],
    ['a language model’s folder and a text', ['lm/config.json', 'lm/model.safetensors', 'book.txt'], ['lm/config.json', 'lm/model.safetensors'], ['book.txt']],
    ['texts alone', ['books/1.txt', 'books/2.md', 'books/cover.pdf'], [], ['books/1.txt', 'books/2.md']],
    ['what is neither, for the model’s reader to refuse', ['thesis.pdf', 'net.pt'], ['thesis.pdf', 'net.pt'], []],
    ['nothing', [], [], []],
  ])('knows %s', async (_, paths, model, pictures) => {
    expect(await sorted(...paths.map((path) => file(path)))).toEqual({ model, pictures });
  });

  it('looks into zips', async () => {
    const net = zip('net.zip', 'net/model.json', 'net/weights.bin', 'net/curve.png');
    const pets = zip('pets.zip', 'cat/1.png', 'dog/2.png', '__MACOSX/model.json');
    expect(await sorted(net, pets)).toEqual({ model: ['net.zip'], pictures: ['pets.zip'] });
    expect(await sorted(zip('x.npz', 'x.npy', 'y.npy'))).toEqual({ model: [], pictures: ['x.npz'] });
    expect(await sorted(zip('books.zip', 'a.txt'))).toEqual({ model: [], pictures: ['books.zip'] });
    expect(await sorted(zip('lm.zip', 'config.json', 'model.safetensors', 'merges.txt'))).toEqual({ model: ['lm.zip'], pictures: [] });
    expect(await sorted(zip('notes.zip', 'a.pdf'))).toEqual({ model: ['notes.zip'], pictures: [] });
  });

  it('refuses a zip that leads out of itself, by name', async () => {
    await expect(sortFiles([zip('x.zip', '../a.png')])).rejects.toMatchObject({ name: 'PictureZipError' });
  });
});
