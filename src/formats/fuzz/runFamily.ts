/**
 * Runs the cases of a family and reports on each: the process that `watchFamily` starts. By hand, one case:
 * `npx tsx src/formats/fuzz/runFamily.ts FAMILY SEED CASE`.
 */
import { setImmediate } from 'node:timers/promises';
import { families, type FamilyName } from './families/table.ts';
import type { FuzzCase, FuzzFamily, Report, Verdict } from './fuzzCase.ts';
import { faultInError } from './namedErrors.ts';

const unhandled: string[] = [];
process.on('unhandledRejection', (reason) => unhandled.push(`left a rejection unhandled: ${String(reason)}`));

const [name, seed, only] = process.argv.slice(2);
const family = await families[name as FamilyName]();
const cases = await family.cases(Number(seed));
const before = largest();
let buffers = 0;
const LARGE = 64 * 1024 ** 2;
if (only === undefined) {
  await say({ kind: 'cases', names: cases.map((each) => each.name) });
  for (const each of cases) {
    await say({ kind: 'verdict', ...(await run(each, family)) });
    const { arrayBuffers } = process.memoryUsage();
    buffers = Math.max(buffers, arrayBuffers);
    // what a case was made of shall not count as what the next one takes
    if (arrayBuffers > LARGE) globalThis.gc?.();
  }
  await say({ kind: 'end', grown: largest() - before, buffers });
} else {
  const chosen = cases[Number(only)];
  process.stdout.write(`${chosen.name}\n${JSON.stringify(await run(chosen, family), undefined, 1)}\n${largest() - before} bytes more\n`);
}
process.disconnect?.();

async function run(each: FuzzCase, { faultAfter }: FuzzFamily): Promise<Verdict> {
  const { open, faultIn } = each.make();
  const began = process.cpuUsage();
  let result = 'opened';
  let opened: unknown;
  let fault: string | undefined;
  try {
    opened = await open();
  } catch (error) {
    result = error instanceof Error ? error.name : typeof error;
    fault = faultInError(error);
    if (only !== undefined) console.log(error);
  }
  const { user, system } = process.cpuUsage(began);
  if (result === 'opened') fault = await Promise.resolve(opened).then(faultIn).catch((error: unknown) => `could not be judged: ${String(error)}`);
  // rejections that nobody handles are said to be so after all that was due has run
  await setImmediate();
  fault ??= unhandled.shift() ?? (await faultAfter?.());
  return { result, milliseconds: (user + system) / 1000, ...(fault !== undefined && { fault }) };
}

/** Bytes of memory that the process has had at its largest. */
function largest(): number {
  return process.resourceUsage().maxRSS * 1024;
}

function say(report: Report): Promise<void> {
  return new Promise((resolve, reject) => {
    if (!process.send) return resolve();
    process.send(report, undefined, undefined, (error) => (error ? reject(error) : resolve()));
  });
}
