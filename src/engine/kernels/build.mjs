// Compiles correlate.as.ts with AssemblyScript into correlate.generated.ts (base64, about 1 kB).
//   node src/engine/kernels/build.mjs           writes the file
//   node src/engine/kernels/build.mjs --check   fails if the committed file is out of date
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const here = new URL('./', import.meta.url);
const target = new URL('correlate.generated.ts', here);

const output = new Map();
const { error } = await asc.main(
  [
    'correlate.as.ts', '--outFile', 'correlate.wasm', '--baseDir', fileURLToPath(here),
    '-O3', '--runtime', 'stub', '--enable', 'simd', '--importMemory', '--noAssert', '--disable', 'bulk-memory',
  ],
  { writeFile: (name, contents) => void output.set(name, contents) },
);
if (error) {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
const source = `// Made from correlate.as.ts by build.mjs. Do not edit.
export const CORRELATE_WASM =
  '${Buffer.from(output.get('correlate.wasm')).toString('base64')}';
`;
if (process.argv.includes('--check')) {
  if ((await readFile(target, 'utf8')) !== source) {
    process.stderr.write('correlate.generated.ts is not what correlate.as.ts compiles to: run "npm run kernels".\n');
    process.exit(1);
  }
} else {
  await writeFile(target, source);
}
