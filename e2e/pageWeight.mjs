// Fails where the script that the page loads before its first paint, or the default model, weighs too much.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const SCRIPT_LIMIT = 110_000;
const MODEL_LIMIT = 1_200_000;

const html = readFileSync('dist/index.html', 'utf8');
const scripts = [...html.matchAll(/(?:src|href)="\.\/(assets\/[^"]+\.js)"/g)].map((match) => match[1]);
if (scripts.length === 0) throw new Error('dist/index.html loads no script.');
const eager = new Set();
const visit = (file) => {
  if (eager.has(file)) return;
  eager.add(file);
  const source = readFileSync(`dist/${file}`, 'utf8');
  for (const [, name] of source.matchAll(/(?:^|[;}\s])(?:import|export)\s*(?:[\w*{}\s,$]+from\s*)?"\.\/([^"]+\.js)"/g)) visit(`assets/${name}`);
};
scripts.forEach(visit);
const script = [...eager].reduce((sum, file) => sum + gzipSync(readFileSync(`dist/${file}`)).length, 0);
const folder = 'dist/models/resnet20-cifar10';
const model = readdirSync(folder)
  .filter((name) => name === 'model.json' || name.endsWith('.bin'))
  .reduce((sum, name) => sum + statSync(`${folder}/${name}`).size, 0);

console.log(`script before first paint: ${script} bytes gzipped in ${eager.size} files (limit ${SCRIPT_LIMIT})`);
console.log(`default model: ${model} bytes (limit ${MODEL_LIMIT})`);
if (script > SCRIPT_LIMIT || model > MODEL_LIMIT) process.exit(1);
