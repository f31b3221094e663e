import type { Job } from '../engine/job.ts';

/** Shows a job's progress on stderr: one line that rewrites itself on a terminal, a line every tenth elsewhere. */
export function progressOn(what: string): Job {
  const live = process.stderr.isTTY;
  let shown = -1;
  return {
    onProgress: ({ done, total, rate, secondsLeft }) => {
      const tenth = Math.floor((done / total) * 10);
      if (!live && tenth === shown) return;
      shown = tenth;
      const line = `${what} ${done}/${total} · ${rate.toFixed(1)}/s · ${secondsLeft.toFixed(0)} s left`;
      process.stderr.write(live ? `\r\u001b[2K${line}${done === total ? '\n' : ''}` : `${line}\n`);
    },
  };
}
