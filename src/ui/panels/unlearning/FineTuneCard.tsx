import { toCsv } from '../../../lab/csv.ts';
import { shownPlan } from '../../../lab/experiment.ts';
import { percent } from '../../../lab/format.ts';
import { TUNING_LIMITS, TUNING_STARTS, tuningCurve, type Tuning, type TuningStart } from '../../../lab/unlearning/tuning.ts';
import { shownOutcome } from '../../../lab/unlearning/unlearningState.ts';
import { ChartCard } from '../../charts/ChartCard.tsx';
import { TuningChart } from '../../charts/unlearning/TuningChart.tsx';
import { Choice } from '../../controls/Choice.tsx';
import { JobLine } from '../../controls/JobLine.tsx';
import { NumberField } from '../../controls/NumberField.tsx';
import { useExperiment } from '../../LabContext.tsx';
import { useForgetting, useUnlearning } from './useUnlearning.ts';

const STARTS: Readonly<Record<TuningStart, string>> = { shown: 'what is shown', pruned: 'the pruned network', intact: 'the intact network' };
const RATES = ['0.1', '0.03', '0.01', '0.003', '0.001', '0.0003'] as const;
const RATE_NAMES = Object.fromEntries(RATES.map((rate) => [rate, rate])) as Record<(typeof RATES)[number], string>;

/** Training with gradients: for recovery, and to compare with. */
export function FineTuneCard() {
  const tuning = useForgetting((state) => state.tuning);
  const failure = useForgetting((state) => state.tuningFailure);
  const job = useExperiment((experiment) => experiment.jobs.find(({ kind }) => kind === 'fineTune'));
  const body = (
    <>
      <p>Gradient steps on pictures of the classes that stay: for recovery, and to compare with.</p>
      <TuningForm running={job !== undefined} />
      {job && (
        <div className="row tuning-job">
          <JobLine job={job} cancelLabel="Stop" />
          {tuning?.running && <Pause paused={tuning.paused} />}
        </div>
      )}
      {failure !== undefined && (
        <p className="failure" role="alert">
          {failure}
        </p>
      )}
    </>
  );
  if (!tuning || tuning.steps.length === 0) {
    return (
      <section className="panel chart-card" aria-label="Fine-tuning">
        <div className="chart-head">
          <h2>Fine-tune</h2>
        </div>
        <div className="subtitle">{body}</div>
      </section>
    );
  }
  const { settings: { epochs } } = tuning;
  const points = tuningCurve(tuning.steps, epochs);
  const rows = points.map(({ at, loss, accuracy }) => [at.toFixed(2), loss.toFixed(4), percent(accuracy)]);
  const title = tuningTitle(tuning);
  return (
    <ChartCard region="Fine-tuning" name="fine-tuning" title={title} subtitle={body} table={{ header: ['epoch', 'loss', 'accuracy'], rows }} csv={() => toCsv(['epoch', 'loss', 'accuracy'], points.map(({ at, loss, accuracy }) => [at, loss, accuracy]))}>
      <TuningChart points={points} epochs={epochs} label={`${title}.`} />
    </ChartCard>
  );
}

function TuningForm({ running }: { readonly running: boolean }) {
  const unlearning = useUnlearning();
  const { start, epochs, rate, batch, pictures } = useForgetting((state) => state.tuningSettings);
  const hasOutcome = useForgetting((state) => shownOutcome(state) !== undefined);
  const hasPlan = useExperiment((experiment) => !['none', 'stale'].includes(shownPlan(experiment)));
  const ready = useExperiment((experiment) => experiment.engine === 'ready' && experiment.model.loaded !== undefined);
  const starts = TUNING_STARTS.filter((one) => one === 'intact' || (one === 'shown' ? hasOutcome : hasPlan));
  const chosen = starts.includes(start) ? start : starts[0];
  const number = (name: keyof typeof TUNING_LIMITS, label: string, value: number) => (
    <div className="row">
      <span>{label}</span>
      <NumberField label={label} value={value} min={TUNING_LIMITS[name].least} max={TUNING_LIMITS[name].most} onChange={(next) => unlearning.setTuning({ [name]: next })} />
    </div>
  );
  return (
    <div className="tuning-form">
      <Choice label="Start from" options={starts} names={STARTS} value={chosen} onChange={(value) => unlearning.setTuning({ start: value })} />
      {number('epochs', 'Epochs', epochs)}
      <Choice label="Rate" options={RATES} names={RATE_NAMES} value={String(rate) as (typeof RATES)[number]} onChange={(value) => unlearning.setTuning({ rate: Number(value) })} />
      {number('batch', 'Batch', batch)}
      {number('pictures', 'Pictures', pictures)}
      <button
        type="button"
        className="pick"
        disabled={!ready || running}
        onClick={() => {
          unlearning.setTuning({ start: chosen });
          void unlearning.fineTune();
        }}
      >
        Fine-tune
      </button>
    </div>
  );
}

function Pause({ paused }: { readonly paused: boolean }) {
  const unlearning = useUnlearning();
  return (
    <button type="button" className="small" aria-pressed={paused} onClick={() => unlearning.pauseFineTune(!paused)}>
      {paused ? 'Go on' : 'Pause'}
    </button>
  );
}

function tuningTitle({ steps, epochs, running, paused, settings }: Tuning): string {
  const last = epochs.at(-1);
  const state = paused ? 'Paused' : running ? 'Training' : 'Trained';
  if (!last) return `${state}: epoch 1 of ${settings.epochs}, loss ${steps.at(-1)?.loss.toFixed(3) ?? '–'}`;
  return `${state}: loss ${last.loss.toFixed(3)}, ${percent(last.accuracy)} right after epoch ${last.epoch} of ${settings.epochs}`;
}
