import { useState } from 'react';
import { methodLabel, ORDER_LABELS } from '../../lab/labels.ts';
import { SWEEP_METHODS, SWEEP_TARGETS } from '../../lab/sweep.ts';
import { ORDERS } from '../../pruning/pruneRequest.ts';
import { Choice } from '../controls/Choice.tsx';
import { JobLine } from '../controls/JobLine.tsx';
import { Popover } from '../controls/Popover.tsx';
import { useExperiment, useLab } from '../LabContext.tsx';

/** Measures whole methods at all targets, in the background. */
export function SweepControl() {
  const job = useExperiment((experiment) => experiment.jobs.find(({ kind }) => kind === 'sweep'));
  const ready = useExperiment((experiment) => experiment.calibration.status === 'done' && experiment.engine === 'ready');
  if (job) return <JobLine job={job} cancelLabel="Cancel sweep" />;
  return (
    <Popover title="Measure the frontier" button="Measure" align="right">
      {(close) => <SweepForm ready={ready} close={close} />}
    </Popover>
  );
}

function SweepForm({ ready, close }: { readonly ready: boolean; readonly close: () => void }) {
  const lab = useLab();
  const [order, setOrder] = useState(lab.store.getState().request.order);
  const [chosen, setChosen] = useState<ReadonlySet<number>>(new Set(SWEEP_METHODS.keys()));
  const toggle = (index: number) => setChosen((before) => (before.has(index) ? new Set([...before].filter((other) => other !== index)) : new Set([...before, index])));
  const start = () => {
    close();
    void lab.sweep(SWEEP_METHODS.filter((_, index) => chosen.has(index)).map((method) => ({ ...method, order })));
  };
  return (
    <div className="stack">
      <p className="hint">Each method at {SWEEP_TARGETS.map((target) => `${Math.round(100 * target)} %`).join(', ')} of the MACs, on 1,000 test images. Points that are known are kept.</p>
      <fieldset className="plain">
        <legend>Methods</legend>
        {SWEEP_METHODS.map((method, index) => (
          <label key={methodLabel({ ...method, order: 'sequential' })} className="option">
            <input type="checkbox" checked={chosen.has(index)} onChange={() => toggle(index)} />
            {methodLabel({ ...method, order: 'sequential' })}
          </label>
        ))}
      </fieldset>
      <Choice label="Sweep order" options={ORDERS} names={ORDER_LABELS} value={order} onChange={setOrder} />
      <button type="button" className="pick primary" disabled={!ready || chosen.size === 0} onClick={start}>
        Measure {chosen.size * SWEEP_TARGETS.length} points
      </button>
      {!ready && <p className="hint">This can begin once the network is scored.</p>}
    </div>
  );
}
