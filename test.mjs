// Runs every check and closes with one line for the whole run. Each step runs even where an
// earlier one failed, so that one run shows all there is to mend.
//   npm test                 everything
//   npm test -- unit e2e     only these steps
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync } from 'node:fs';

const CACHE = '.cache';
const steps = {
  types: () => check('tsc', ['--noEmit']),
  lint: () => check('oxlint', ['--type-aware', '--deny-warnings']),
  kernels: () => check('node', ['src/engine/kernels/build.mjs', '--check']),
  unit: () => {
    const ok = run('vitest', ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${CACHE}/unit.json`]);
    return counted(ok, () => {
      const { numPassedTests: passed, numFailedTests: failed } = JSON.parse(readFileSync(`${CACHE}/unit.json`, 'utf8'));
      return { passed, failed };
    });
  },
  build: () => check('vite', ['build', '--logLevel', 'warn']),
  weight: () => check('node', ['e2e/pageWeight.mjs']),
  e2e: () => {
    if (!browserIsThere()) return { passed: 0, failed: 1 };
    const ok = run('playwright', ['test']);
    return counted(ok, () => {
      const { stats } = JSON.parse(readFileSync(`${CACHE}/e2e.json`, 'utf8'));
      return { passed: stats.expected + stats.flaky, failed: stats.unexpected };
    });
  },
};

rmSync(CACHE, { recursive: true, force: true });
mkdirSync(CACHE);
const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in steps));
if (unknown.length > 0) {
  console.error(`No step is called ${unknown.join(', ')}; there are ${Object.keys(steps).join(', ')}.`);
  process.exit(1);
}
let passed = 0;
let failed = 0;
const summary = [];
for (const [name, step] of Object.entries(steps)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  console.log(`\n── ${name}`);
  const began = Date.now();
  const result = step();
  passed += result.passed;
  failed += result.failed;
  summary.push(`${result.failed > 0 ? '✗' : '✓'} ${name}: ${result.passed} passed, ${result.failed} failed, ${((Date.now() - began) / 1000).toFixed(0)} s`);
}
console.log(`\n${summary.join('\n')}\n`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed > 0 ? 1 : 0);

function check(command, args) {
  return run(command, args) ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 };
}

function run(command, args) {
  const local = command === 'node' ? [process.execPath, args] : ['npx', ['--no-install', command, ...args]];
  return spawnSync(local[0], local[1], { stdio: 'inherit', shell: process.platform === 'win32' }).status === 0;
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
function browserIsThere() {
  if (findBrowser()) return true;
  console.log('No Chromium was found; installing the one that Playwright brings.');
  if (run('playwright', ['install', 'chromium']) && findBrowser()) return true;
  console.error('No browser: install Chromium or Chrome, or set CHROMIUM_PATH to its executable.');
  return false;
}

function findBrowser() {
  const look = "import('./e2e/browser.ts').then((browser) => process.exit(browser.findChromium() ? 0 : 1))";
  return spawnSync(process.execPath, ['--import', 'tsx', '-e', look], { stdio: 'inherit' }).status === 0;
}
