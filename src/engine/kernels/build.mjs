// Compiles each kernel's AssemblyScript with its loops into <name>.generated.ts beside it (base64, 1 to 3 kB).
//   node src/engine/kernels/build.mjs           writes the files
//   node src/engine/kernels/build.mjs --check   fails if a committed file is out of date
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

/** Where a kernel is, and the name of its bytes. */
const KERNELS = [
  { folder: new URL('./', import.meta.url), name: 'correlate', constant: 'CORRELATE_WASM' },
  { folder: new URL('../../fidelity/kernels/', import.meta.url), name: 'nested', constant: 'NESTED_WASM' },
  { folder: new URL('../../fidelity/kernels/', import.meta.url), name: 'product', constant: 'PRODUCT_WASM' },
];

let isOutOfDate = false;
for (const { folder, name, constant } of KERNELS) {
  const output = new Map();
  const { error } = await asc.main(
    [
      `${name}.as.ts`, '--outFile', `${name}.wasm`, '--baseDir', fileURLToPath(folder),
      '-O3', '--runtime', 'stub', '--enable', 'simd', '--importMemory', '--noAssert', '--disable', 'bulk-memory',
    ],
    { writeFile: (file, contents) => void output.set(file, contents) },
  );
  if (error) {
    process.stderr.write(`${name}.as.ts: ${error.message}\n`);
    process.exit(1);
  }
  const source = `// Made from ${name}.as.ts by build.mjs. Do not edit.
export const ${constant} =
  '${Buffer.from(output.get(`${name}.wasm`)).toString('base64')}';
`;
  const target = new URL(`${name}.generated.ts`, folder);
  if (!process.argv.includes('--check')) {
    await writeFile(target, source);
  } else if ((await readFile(target, 'utf8').catch(() => '')) !== source) {
    process.stderr.write(`${name}.generated.ts is not what ${name}.as.ts compiles to: run "npm run kernels".\n`);
    isOutOfDate = true;
  }
}
if (isOutOfDate) process.exit(1);
