// Measurements, outside the test gate: `npm run bench`, or `npm run bench -- calibration page`.
// Every section prints ratios against a baseline of the same run, and the machine.
import { cpus } from 'node:os';
import { benchCalibration } from './calibration.ts';
import { benchCurves } from './curves.ts';
import { benchEffect } from './effect.ts';
import { benchLarge } from './large.ts';
import { benchLanguage } from './language.ts';
import { benchMemory } from './memory.ts';
import { benchPage } from './page.ts';
import { benchPlan } from './plan.ts';
import { benchSize } from './size.ts';
import { benchSweep } from './sweep.ts';

const sections: Record<string, () => Promise<void>> = {
  calibration: benchCalibration,
  size: benchSize,
  plan: benchPlan,
  curves: benchCurves,
  memory: benchMemory,
  page: benchPage,
  sweep: benchSweep,
  effect: benchEffect,
  large: benchLarge,
  language: benchLanguage,
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in sections));
if (unknown.length > 0) {
  process.stderr.write(`No section is called ${unknown.join(', ')}; there are ${Object.keys(sections).join(', ')}.\n`);
  process.exit(1);
}
console.log(`${cpus()[0].model}, ${cpus().length} cores, Node ${process.version}, TensorFlow.js wasm (SIMD, one thread)`);
for (const [name, section] of Object.entries(sections)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  console.log(`\n## ${name}`);
  await section();
}
