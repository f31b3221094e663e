import type { PrunePlan } from '../../network/prunePlan.ts';
import type { ClozeResult, ExcitingText } from '../../workers/protocol.ts';
import { errorText, isCancelled } from '../errors.ts';
import { shownPlan, type Experiment } from '../experiment.ts';
import type { JobContext } from '../jobRunner.ts';
import type { Session } from '../session.ts';
import { namedPlan } from '../sourceLabels.ts';
import { createLanguageStore, WRITING_LIMITS, writingKey, type WritingSettings, type Written } from './languageState.ts';

type Side = 'before' | 'after';

/**
 * What a network that reads text can be asked beside its perplexity: to write on, intact and pruned side by side,
 * and to answer multiple-choice items. All of it is dropped when the network changes, the items' answers also when
 * the text does.
 */
export class Language {
  readonly store = createLanguageStore();
  readonly #session: Session;

  constructor(session: Session) {
    this.#session = session;
    session.store.subscribe((now, before) => {
      if (now.model.loaded !== before.model.loaded) this.#drop();
      else if (now.dataset !== before.dataset) this.#dropCloze();
      else if (now.history !== before.history) this.#follow(now);
    });
  }

  set(change: Partial<WritingSettings>): void {
    this.store.setState(({ settings }) => {
      const { prompt, tokens, temperature, topK = 0, seed, follow } = { ...settings, ...change };
      const { tokens: length, temperature: heat, topK: top, seed: seeds } = WRITING_LIMITS;
      const k = Math.round(within(topK, top));
      return {
        settings: {
          prompt: prompt.slice(0, WRITING_LIMITS.prompt),
          tokens: Math.round(within(tokens, length)),
          temperature: within(temperature, heat),
          ...(k > 0 ? { topK: k } : {}),
          seed: Math.round(within(seed, seeds)),
          follow,
        },
      };
    });
  }

  /**
   * Writes on from the prompt with the intact network, unless it has done so with these settings, and then with the
   * plan on screen, if one is measured, from the same seed. What was written when it is stopped stays.
   */
  async write(): Promise<void> {
    this.store.setState({ failure: undefined });
    try {
      await this.#session.runner.run({ kind: 'generate', label: 'Waiting for its turn', priority: 2, yields: true }, async (job) => {
        const { settings, before } = this.store.getState();
        const key = writingKey(settings);
        if (before?.key !== key || !before.done) await this.#side(job, 'before', settings);
        const { result } = this.#session.store.getState();
        if (result) await this.#side(job, 'after', settings, { plan: result.plan, name: namedPlan(result.settings) });
        else this.store.setState({ after: undefined });
      });
    } catch (error) {
      if (!isCancelled(error)) this.store.setState({ failure: errorText(error) });
    }
  }

  stop(): void {
    this.#session.runner.cancelKind('generate');
  }

  /** Has the intact network, unless it has done so, and the plan on screen answer the text's multiple-choice items. */
  async measureCloze(): Promise<void> {
    const items = this.#session.store.getState().dataset?.text?.cloze ?? 0;
    this.store.setState({ clozeFailure: undefined });
    try {
      await this.#session.runner.run({ kind: 'cloze', label: 'Waiting for its turn', priority: 2, yields: true }, async (job) => {
        const answer = (label: string, plan?: PrunePlan): Promise<ClozeResult> => {
          job.setLabel(label);
          return job.engine((id) => this.#session.engine((api) => api.cloze(id, { items, ...(plan ? { plan } : {}) }, job.onProgress)));
        };
        const intact = this.store.getState().cloze?.intact ?? (await answer('The intact network answers'));
        this.store.setState(({ cloze }) => ({ cloze: { ...cloze, intact } }));
        const plan = this.#session.store.getState().result?.plan;
        if (!plan || this.store.getState().cloze?.plan === plan) return;
        const pruned = await answer('The pruned network answers', plan);
        this.store.setState({ cloze: { intact, pruned, plan } });
      });
    } catch (error) {
      if (!isCancelled(error)) this.store.setState({ clozeFailure: errorText(error) });
    }
  }

  /** The tokens of the text at which a channel of a node is greatest. */
  exciting(node: string, channel: number, count: number): Promise<readonly ExcitingText[]> {
    const { runner } = this.#session;
    return runner.run({ kind: 'look', label: 'Looking through the text' }, (job) => job.engine((id) => this.#session.engine((api) => api.excitingText(id, { node, channel, count }))));
  }

  async #side(job: JobContext, side: Side, settings: WritingSettings, pruned: Pick<Written, 'plan' | 'name'> = {}): Promise<void> {
    const { follow: _, ...request } = settings;
    job.setLabel(side === 'before' ? 'The intact network writes' : 'The pruned network writes');
    let written: Written = { text: '', prompt: settings.prompt, key: writingKey(settings), ...pruned };
    this.store.setState({ [side]: written });
    const began = performance.now();
    let tokens = 0;
    let over = false;
    const show = (text: string) => {
      // its last words may come after its result
      if (over || job.signal.aborted) return;
      tokens += 1;
      written = { ...written, text };
      const rate = tokens / ((performance.now() - began) / 1000);
      job.onProgress({ done: tokens, total: settings.tokens, rate, secondsLeft: (settings.tokens - tokens) / rate });
      this.#session.frames.set('writing', () => this.store.setState({ [side]: written }));
    };
    try {
      const done = await job.engine((id) => this.#session.engine((api) => api.generate(id, { ...request, ...(pruned.plan ? { plan: pruned.plan } : {}) }, show)));
      written = { ...written, text: done.text, done };
    } finally {
      over = true;
      this.#session.frames.drop('writing');
      this.store.setState({ [side]: written });
    }
  }

  /** A plan that is in the history was measured to its end: the control rests. */
  #follow(now: Experiment): void {
    const { settings, after, before } = this.store.getState();
    const shown = shownPlan(now);
    if (!settings.follow || !before || !now.result || shown === 'stale' || now.result.plan === after?.plan) return;
    void this.write();
  }

  #drop(): void {
    this.#session.runner.cancelKind('generate');
    this.store.setState({ before: undefined, after: undefined, failure: undefined });
    this.#dropCloze();
  }

  #dropCloze(): void {
    this.#session.runner.cancelKind('cloze');
    this.store.setState({ cloze: undefined, clozeFailure: undefined });
  }
}

function within(value: number, { least, most }: { readonly least: number; readonly most: number }): number {
  return Number.isFinite(value) ? Math.min(most, Math.max(least, value)) : least;
}
