import { useMemo } from 'react';
import { count, milliseconds, whole } from '../../lab/format.ts';
import { layersCsv, layerTable } from '../../lab/layerTable.ts';
import type { Change } from '../../pruning/change.ts';
import { Dialog } from '../controls/Dialog.tsx';
import { JobLine } from '../controls/JobLine.tsx';
import { download } from '../download.ts';
import { useExperiment, useLab } from '../LabContext.tsx';

/** Every layer before and after the plan on screen, and how long each takes. */
export function LayersDialog({ onClose }: { readonly onClose: () => void }) {
  const lab = useLab();
  const model = useExperiment((experiment) => experiment.model);
  const backend = useExperiment((experiment) => experiment.backend);
  const keep = useExperiment((experiment) => experiment.keep);
  const cost = useExperiment((experiment) => experiment.cost);
  const planKey = useExperiment((experiment) => experiment.planKey);
  const layerTimes = useExperiment((experiment) => experiment.layerTimes);
  const intact = useExperiment((experiment) => experiment.intact);
  const result = useExperiment((experiment) => experiment.result);
  const ready = useExperiment((experiment) => experiment.engine === 'ready');
  const job = useExperiment((experiment) => experiment.jobs.find(({ kind }) => kind === 'layers'));
  const table = useMemo(() => layerTable({ model, backend, keep, cost, planKey, layerTimes, intact, result }), [model, backend, keep, cost, planKey, layerTimes, intact, result]);
  return (
    <Dialog wide title="Every layer, before → after" label="Layers" onClose={onClose}>
      <div className="row">
        {job ? (
          <JobLine job={job} cancelLabel="Cancel timing" />
        ) : (
          <button type="button" className="pick" disabled={!table || !ready} onClick={() => void lab.timeLayers()}>
            {table?.timed ? 'Time the layers again' : 'Time the layers'}
          </button>
        )}
        <button type="button" className="pick" disabled={!table} onClick={() => table && download('layers.csv', layersCsv(table), 'text/csv')}>
          Save as CSV
        </button>
      </div>
      <p className="hint">
        {table?.timed
          ? 'Median milliseconds of one image on this machine. Layers that run as one step are timed at the first of them.'
          : 'Times are not measured yet for this plan on this machine.'}
      </p>
      {table?.note !== undefined && <p>{table.note}</p>}
      {table ? (
        <table className="layers">
          <caption className="sr-only">Every layer, before and after</caption>
          <thead>
            <tr>
              <th scope="col">Layer</th>
              <th scope="col">Inputs</th>
              <th scope="col">Outputs</th>
              <th scope="col">Parameters</th>
              <th scope="col">MACs</th>
              <th scope="col">ms</th>
            </tr>
          </thead>
          <tbody>
            {table.layers.map(({ layer, op, channels, parameters, macs, milliseconds: time, timedWith }) => (
              <tr key={layer}>
                <th scope="row">
                  {layer} <small className="mute">{op}</small>
                </th>
                <td>{written(channels.in, whole)}</td>
                <td>{written(channels.out, whole)}</td>
                <td>{written(parameters, count)}</td>
                <td>{written(macs, count)}</td>
                <td className={timedWith === undefined ? undefined : 'mute'}>{time ? written(time, plainMilliseconds) : timedWith === undefined ? '–' : `in ${timedWith}`}</td>
              </tr>
            ))}
          </tbody>
        </table>
      ) : (
        <p className="hint">The model is still loading.</p>
      )}
    </Dialog>
  );
}

function written({ before, after }: Change, format: (value: number) => string): string {
  if (before === 0 && after === 0) return '–';
  return before === after ? format(before) : `${format(before)} → ${format(after)}`;
}

function plainMilliseconds(value: number): string {
  return milliseconds(value).replace(' ms', '');
}
