import type { PruneRequest } from '../pruning/pruneRequest.ts';
import { SELECTION_RULES } from '../pruning/selections.ts';
import { CancelledError } from './errors.ts';
import { drawOf } from './experiment.ts';
import type { JobContext } from './jobRunner.ts';
import { lacksTimes } from './keepFor.ts';
import { lacksRanking, rankingKey, scoresKey, weighsByTheory } from './rankings.ts';
import type { Session } from './session.ts';
import { runTheory, theoryJob } from './theory.ts';
import { timeLayers } from './timeLayers.ts';

/**
 * Gets everything that the request's keep sets rest on and the store lacks: slopes for an allocation
 * by theory, times of the layers for a target in milliseconds, and how the rule ranks each group. Rejects with `CancelledError` when stopped, or when it
 * is not `wanted` any more, else with what the rule has against this network or these pictures.
 */
export async function scoreRule(session: Session, request: PruneRequest, wanted: () => boolean = () => true): Promise<void> {
  if (lacksTimes(session.store.getState(), request)) await timeLayers(session);
  if (wanted()) await measureSlopes(session, request);
  if (!wanted()) throw new CancelledError();
  if (!lacksRanking(session.store.getState(), request)) return;
  await session.runner.run({ kind: 'rank', label: scoringLabel(request), priority: 3 }, (job) => rankGroups(session, job, request));
}

export function scoringLabel({ select }: Pick<PruneRequest, 'select'>): string {
  return `Scoring channels by ${SELECTION_RULES[select].label}`;
}

/** The local-to-global slopes, where the request weighs by them; waits for those that are being measured already. */
async function measureSlopes(session: Session, request: PruneRequest): Promise<void> {
  const { store, runner } = session;
  if (!weighsByTheory(request) || store.getState().theory.localGlobal) return;
  const kind = theoryJob('localGlobal');
  if (runner.isRunning(kind)) {
    await new Promise<void>((resolve) => {
      const stop = store.subscribe(({ jobs }) => {
        if (jobs.some((job) => job.kind === kind)) return;
        stop();
        resolve();
      });
    });
    if (!store.getState().theory.localGlobal) throw new CancelledError();
    return;
  }
  await runTheory(session, 'localGlobal');
}

/** Stores how the rule ranks each group; a rule that runs the network is scored by the engine first. Progress is the workers'. */
export async function rankGroups(session: Session, job: JobContext, request: PruneRequest): Promise<void> {
  const { store } = session;
  const { select, compensate, seed } = request;
  const before = store.getState();
  const key = rankingKey(before, request);
  if (key === undefined) throw new NotScoredError(SELECTION_RULES[select].label);
  const scored = scoresKey(before, request);
  let scores = before.ruleScores[scored];
  if (SELECTION_RULES[select].scoredBy === 'network' && !scores) {
    const draw = drawOf(before);
    scores = await job.engine((id) => session.engine((api) => api.criterion(id, { ...draw, select, seed }, job.onProgress)));
    const found = scores;
    store.setState(({ ruleScores }) => ({ ruleScores: { ...ruleScores, [scored]: found } }));
  }
  const stop = () => void session.fidelity.call((api) => api.stopRanking()).catch(() => {});
  job.signal.addEventListener('abort', stop, { once: true });
  const groups = await job.wait(session.fidelity.call((api) => api.rank({ select, compensate, seed, ...(scores ? { scores } : {}) }, job.onProgress))).finally(() => job.signal.removeEventListener('abort', stop));
  store.setState(({ rankings }) => ({ rankings: { ...rankings, [key]: groups } }));
}

export class NotScoredError extends Error {
  override readonly name = 'NotScoredError';
  constructor(rule: string) {
    super(`Channels are ranked by ${rule} once the network is scored; score it first.`);
  }
}
