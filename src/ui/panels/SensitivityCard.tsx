import { useId, useState } from 'react';
import { percent } from '../../lab/format.ts';
import { sensitivityCsv, sensitivitySentence, sensitivityTable } from '../../lab/sensitivityView.ts';
import { ChartCard } from '../charts/ChartCard.tsx';
import { SensitivityChart } from '../charts/theory/SensitivityChart.tsx';
import { JobLine } from '../controls/JobLine.tsx';
import { useExperiment, useLab } from '../LabContext.tsx';

const TITLE = 'What do the calibration pictures matter?';

/** Accuracy after pruning and after forgetting, against what calibrates. */
export function SensitivityCard({ ready }: { readonly ready: boolean }) {
  const lab = useLab();
  const state = useExperiment((experiment) => experiment.sensitivity);
  const job = useExperiment((experiment) => experiment.jobs.find(({ kind }) => kind === 'sensitivity'));
  const classes = useExperiment((experiment) => experiment.dataset?.classes) ?? [];
  const [forgetClass, setForgetClass] = useState(0);
  const id = useId();
  const points = state?.points ?? [];
  const run = !job && (
    <span className="row tight">
      <label htmlFor={id}>forget</label>
      <select id={id} value={forgetClass} onChange={(event) => setForgetClass(Number(event.target.value))}>
        {classes.map((name, c) => (
          <option key={name} value={c}>
            {name}
          </option>
        ))}
      </select>
      <button type="button" className="small run" disabled={!ready} aria-label={`${state ? 'Measure again' : 'Measure'}: ${TITLE}`} onClick={() => void lab.sources().then((sources) => sources.measure(forgetClass))}>
        {state ? 'Again' : 'Measure'}
      </button>
    </span>
  );
  const text = (
    <>
      <b>Sources of calibration pictures</b> · The network pruned to {percent(1 / 1.6, 1)} of its MACs (singleton, sequential least squares), and made to forget one class, on pictures of other sources, in other numbers, out of balance, and shifted.
      {job && <JobLine job={job} cancelLabel="Stop" />}
      {state?.failure !== undefined && <p className="failure" role="alert">This could not be measured: {state.failure}</p>}
    </>
  );
  if (points.length === 0) {
    return (
      <section className="panel chart-card" aria-label={TITLE}>
        <div className="chart-head">
          <h3>{TITLE}</h3>
          {run}
        </div>
        <div className="subtitle">{text}</div>
      </section>
    );
  }
  const title = sensitivitySentence(points);
  return (
    <ChartCard region={TITLE} name="sensitivity" title={title} subtitle={text} tools={run} table={sensitivityTable({ points, result: state?.result })} csv={() => sensitivityCsv(points)}>
      <SensitivityChart points={points} intact={state?.result?.intact} label={`${title}. ${points.length} kinds of calibration pictures; the table has the figures.`} />
    </ChartCard>
  );
}
