import { describe, expect, it } from 'vitest';
import { CancelledError, JobClock } from '../engine/job.ts';
import { EngineJobs } from './engineJobs.ts';

const aTask = () => new Promise<void>((resolve) => setTimeout(resolve));

describe('EngineJobs', () => {
  it('lets work that is urgent come to its end before a computing job has its next batch', async () => {
    const jobs = new EngineJobs();
    const order: string[] = [];
    const computing = jobs.run(1, undefined, async (job) => {
      const clock = new JobClock(job, 20);
      for (let batch = 1; batch <= 20; batch++) {
        await clock.tick(batch);
        order.push(`batch ${batch}`);
      }
    });
    const saving = jobs.urgent(async () => {
      for (let step = 0; step < 10; step++) await aTask();
      order.push('saved');
    });
    await Promise.all([computing, saving]);
    expect(order[0]).toBe('saved');
    expect(order).toHaveLength(21);
  });

  it('goes on after urgent work that failed, and a job that waits for it can be cancelled', async () => {
    const jobs = new EngineJobs();
    const failing = jobs.urgent(async () => {
      await aTask();
      throw new Error('disk full');
    });
    const computing = jobs.run(1, undefined, async (job) => {
      await new JobClock(job, 1).tick(1);
      return 'done';
    });
    await expect(failing).rejects.toThrow('disk full');
    expect(await computing).toBe('done');
    const slow = jobs.urgent(async () => {
      await aTask();
      await aTask();
    });
    const waiting = jobs.run(2, undefined, async (job) => new JobClock(job, 1).tick(1));
    jobs.cancel(2);
    await expect(waiting).rejects.toBeInstanceOf(CancelledError);
    await slow;
  });
});
