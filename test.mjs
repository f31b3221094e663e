// Runs every check and closes with one line for the whole run. Each step runs even where an
// earlier one failed, so that one run shows all there is to mend.
//   npm test                 everything
//   npm test -- unit e2e     only these steps
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';

const CACHE = '.cache';
// in the order in which they begin; what stands together runs side by side
const stages = [
  { types: () => check('tsc', ['--noEmit']) },
  { lint: () => check('oxlint', ['--type-aware', '--deny-warnings']) },
  { kernels: () => check('node', ['src/engine/kernels/build.mjs', '--check']) },
  { build: () => check('vite', ['build', '--logLevel', 'warn']) },
  { weight: () => check('node', ['e2e/pageWeight.mjs']) },
  { unit, e2e },
];

rmSync(CACHE, { recursive: true, force: true });
mkdirSync(CACHE);
const names = stages.flatMap((stage) => Object.keys(stage));
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !names.includes(name));
if (unknown.length > 0) {
  console.error(`No step is called ${unknown.join(', ')}; there are ${names.join(', ')}.`);
  process.exit(1);
}
let passed = 0;
let failed = 0;
const summary = [];
for (const stage of stages) {
  const steps = Object.entries(stage).filter(([name]) => wanted.length === 0 || wanted.includes(name));
  await Promise.all(steps.map(([name, step]) => runStep(name, step, steps.length > 1)));
}
console.log(`\n${summary.join('\n')}\n`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);

async function runStep(name, step, besideOthers) {
  console.log(`\n── ${name}`);
  const began = Date.now();
  const result = await step(besideOthers);
  passed += result.passed;
  failed += result.failed;
  summary.push(`${result.failed > 0 ? '✗' : '✓'} ${name}: ${result.passed} passed, ${result.failed} failed, ${((Date.now() - began) / 1000).toFixed(0)} s`);
}

/** Leaves a core to the browser where that runs meanwhile. */
async function unit(besideOthers) {
  const workers = Math.max(1, availableParallelism() - (besideOthers ? 1 : 0));
  const ok = await run('vitest', ['run', `--maxWorkers=${workers}`, '--reporter=default', '--reporter=json', `--outputFile.json=${CACHE}/unit.json`]);
  return counted(ok, () => {
    const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(`${CACHE}/unit.json`, 'utf8'));
    return { passed: numPassedTests, failed: numFailedTests };
  });
}

async function e2e() {
  if (!(await browserIsThere())) return { passed: 0, failed: 1 };
  const ok = await run('playwright', ['test']);
  return counted(ok, () => {
    const { stats } = JSON.parse(readFileSync(`${CACHE}/e2e.json`, 'utf8'));
    return { passed: stats.expected + stats.flaky, failed: stats.unexpected };
  });
}

async function check(command, args) {
  return (await run(command, args)) ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

function run(command, args) {
  const [file, own] = command === 'node' ? [process.execPath, args] : ['npx', ['--no-install', command, ...args]];
  const child = spawn(file, own, { stdio: 'inherit', shell: process.platform === 'win32' });
  return new Promise((resolve) => {
    child.on('error', () => resolve(false));
    child.on('exit', (code) => resolve(code === 0));
  });
}

/** The tests' own counts; a step that failed without a failing test counts as one failure. */
function counted(ok, read) {
  try {
    const { passed, failed } = read();
    if (passed + failed === 0) return { passed: 0, failed: 1 };
    return { passed, failed: ok ? failed : Math.max(1, failed) };
  } catch {
    return { passed: 0, failed: 1 };
  }
}

/** True where a Chromium is found or could be installed. */
async function browserIsThere() {
  if (findBrowser()) return true;
  console.log('No Chromium was found; installing the one that Playwright brings.');
  if ((await run('playwright', ['install', 'chromium'])) && findBrowser()) return true;
  console.error('No browser: install Chromium or Chrome, or set CHROMIUM_PATH to its executable.');
  return false;
}

function findBrowser() {
  const look = "import('./e2e/browser.ts').then((browser) => process.exit(browser.findChromium() ? 0 : 1))";
  return spawnSync(process.execPath, ['--import', 'tsx', '-e', look], { stdio: 'inherit' }).status === 0;
}
