import { describe, expect, it, vi } from 'vitest';
import { CancelledError, JobClock } from './job.ts';

describe('JobClock', () => {
  it('reports done, total, items a second since it was made, and the time that is left at that rate', async () => {
    const now = vi.spyOn(performance, 'now');
    now.mockReturnValue(1000);
    const reports: unknown[] = [];
    const clock = new JobClock({ onProgress: (progress) => reports.push(progress) }, 100);
    now.mockReturnValue(3000);
    await clock.tick(20);
    now.mockReturnValue(6000);
    await clock.tick(100);
    now.mockRestore();
    expect(reports).toEqual([
      { done: 20, total: 100, rate: 10, secondsLeft: 8 },
      { done: 100, total: 100, rate: 20, secondsLeft: 0 },
    ]);
  });

  it('throws CancelledError when made, ticked or breathed after the signal', async () => {
    const controller = new AbortController();
    const clock = new JobClock({ signal: controller.signal }, 10);
    await clock.tick(1);
    controller.abort();
    await expect(clock.tick(2)).rejects.toBeInstanceOf(CancelledError);
    await expect(clock.breathe()).rejects.toBeInstanceOf(CancelledError);
    expect(() => new JobClock({ signal: controller.signal }, 10)).toThrow(CancelledError);
  });

  it('lets a message that was posted before it be handled before it goes on', async () => {
    const { port1, port2 } = new MessageChannel();
    const controller = new AbortController();
    port1.onmessage = () => controller.abort();
    const clock = new JobClock({ signal: controller.signal }, 10);
    port2.postMessage('cancel');
    const ticking = async () => {
      for (let done = 1; done <= 3; done++) await clock.tick(done);
    };
    await expect(ticking()).rejects.toBeInstanceOf(CancelledError);
    port1.close();
  });
});
