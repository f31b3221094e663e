import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { FamilyName } from './families/table.ts';
import type { Report, Verdict } from './fuzzCase.ts';

/** Time without a word after which a case counts as hanging: far more than any takes, also on a machine that is busy. */
const HANGS_AFTER = 120_000;
/** Before the first case, modules and libraries are loaded. */
const STARTS_WITHIN = 300_000;

export interface FamilyResult {
  readonly names: readonly string[];
  readonly verdicts: readonly Verdict[];
  readonly grown: number;
  readonly buffers: number;
  /** Why the process ended before the last case did; undefined where it did not. */
  readonly ended?: string;
}

/**
 * Runs a family in a process of its own: a case that never ends, or that takes the process down, is
 * a failure with a name and not the end of the tests.
 */
export function watchFamily(name: FamilyName, seed: number): Promise<FamilyResult> {
  const child = fork(fileURLToPath(new URL('runFamily.ts', import.meta.url)), [name, String(seed)], {
    execArgv: ['--import', 'tsx', '--max-old-space-size=512', '--expose-gc'],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
  return new Promise((resolve, reject) => {
    let names: readonly string[] = [];
    const verdicts: Verdict[] = [];
    let end = { grown: 0, buffers: 0 };
    let ended: string | undefined = 'stopped without a word';
    let complaints = '';
    const running = (): string => (names.length === 0 ? 'while it started' : `in case ${verdicts.length}, ${names[verdicts.length] ?? 'after the last'}`);
    const hang = (): void => {
      ended = `hung ${running()}`;
      child.kill('SIGKILL');
    };
    let watchdog = setTimeout(hang, STARTS_WITHIN);
    child.on('message', (message) => {
      clearTimeout(watchdog);
      watchdog = setTimeout(hang, HANGS_AFTER);
      const report = message as Report;
      if (report.kind === 'cases') {
        names = report.names;
      } else if (report.kind === 'verdict') {
        verdicts.push(report);
      } else {
        end = report;
        ended = undefined;
      }
    });
    child.stderr?.on('data', (chunk) => {
      complaints = `${complaints}${String(chunk)}`.slice(-2000);
    });
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      clearTimeout(watchdog);
      if (ended?.startsWith('stopped')) ended = `ended with ${signal ?? code} ${running()}: ${complaints}`;
      resolve({ names, verdicts, ...end, ...(ended !== undefined && { ended }) });
    });
  });
}
