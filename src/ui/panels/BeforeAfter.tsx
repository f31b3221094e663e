import { lazy, Suspense, useMemo, useState } from 'react';
import { bytes, count, milliseconds, percent, perplexity } from '../../lab/format.ts';
import { intactCost } from '../../lab/planCost.ts';
import { quality, yardstick } from '../../lab/yardstick.ts';
import { speedNote } from '../../pruning/speedNote.ts';
import { Boundary } from '../controls/Boundary.tsx';
import { useExperiment } from '../LabContext.tsx';
import { useShownOutcome } from './useShownOutcome.ts';

const LayersDialog = lazy(() => import('./LayersDialog.tsx').then((module) => ({ default: module.LayersDialog })));

export function BeforeAfter() {
  const measured = useExperiment((experiment) => experiment.intact);
  const stored = useExperiment((experiment) => experiment.precomputed?.intact);
  const judged = useExperiment(yardstick);
  const before = useExperiment(intactCost);
  const after = useExperiment((experiment) => experiment.cost);
  const { shown, outcome } = useShownOutcome();
  const [open, setOpen] = useState(false);
  const rows = useMemo(() => {
    const known = measured?.evaluation ?? stored;
    const text = judged === 'perplexity';
    return [
      ...(judged === 'accuracy' ? [{ name: 'accuracy', intact: write(known?.accuracy, percent), pruned: write(outcome?.accuracy, percent), measured: true }] : []),
      ...(text ? [{ name: 'perplexity', intact: write(known && quality(known), perplexity), pruned: write(outcome?.perplexity, perplexity), measured: true }] : []),
      ...(text ? [{ name: 'KL divergence', intact: '', pruned: write(outcome?.divergence, nats), measured: true }] : []),
      { name: text ? 'next-token agreement' : 'agreement', intact: '', pruned: write(outcome?.agreement, percent), measured: true },
      { name: 'parameters', intact: write(before?.params, count), pruned: write(after?.params, count), measured: false },
      { name: 'MACs', intact: write(before?.macs, count), pruned: write(after?.macs, count), measured: false },
      { name: 'weights', intact: write(before?.bytes, bytes), pruned: write(after?.bytes, bytes), measured: false },
      { name: 'latency, batch 1', intact: write(measured?.latency, milliseconds), pruned: write(outcome?.latency, milliseconds), measured: true },
    ];
  }, [measured, stored, before, after, outcome, judged]);
  const note = before && after && shown !== 'stale' && measured?.latency !== undefined && outcome?.latency !== undefined
    ? speedNote({ macs: { before: before.macs, after: after.macs }, milliseconds: { before: measured.latency, after: outcome.latency } })
    : undefined;
  return (
    <>
      <table className="before-after" aria-label="Before and after" data-stale={shown === 'stale'}>
        <thead>
          <tr>
            <th scope="col">
              <span className="sr-only">measure</span>
            </th>
            <th scope="col">intact</th>
            <th scope="col">pruned</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, intact, pruned, measured: fromRun }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>{intact}</td>
              <td className={fromRun ? 'from-run' : undefined}>{name === judged ? <b>{pruned}</b> : pruned}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <div className="row before-after-foot">
        <span className="hint">{note}</span>
        <button type="button" className="small" aria-haspopup="dialog" onClick={() => setOpen(true)}>
          Layers
        </button>
      </div>
      {open && (
        <Boundary what="The table of layers"><Suspense>
          <LayersDialog onClose={() => setOpen(false)} />
        </Suspense></Boundary>
      )}
    </>
  );
}

function nats(value: number): string {
  return `${value.toFixed(3)} nats`;
}

function write(value: number | undefined, format: (value: number) => string): string {
  return value === undefined ? '–' : format(value);
}
