import { bytes, count, milliseconds, percent, perplexity, whole } from '../../lab/format.ts';
import type { HistoryNode } from '../../lab/history.ts';
import { ALLOCATION_LABELS, COMPENSATION_LABELS, ORDER_LABELS, SELECTION_LABELS, TARGET_LABELS } from '../../lab/labels.ts';
import { namedPlan, sourceLabel } from '../../lab/sourceLabels.ts';
import { pinnedCount } from '../../lab/pins.ts';
import { rulesLabel } from '../../lab/rules.ts';
import { Dialog } from '../controls/Dialog.tsx';
import { useExperiment } from '../LabContext.tsx';

/** Two plans side by side: what was asked for, what came of it, and where their widths differ. */
export function CompareDialog({ a, b, onClose }: { readonly a: HistoryNode; readonly b: HistoryNode; readonly onClose: () => void }) {
  const classes = useExperiment((experiment) => experiment.dataset?.classes) ?? [];
  const rows = rowsOf(a).map(([name, value], i) => ({ name, a: value, b: rowsOf(b)[i][1] }));
  const perClass = a.outcome.perClass.length === 0 ? [] : classes.map((name, i) => ({ name, a: classAccuracy(a, i), b: classAccuracy(b, i) }));
  const widths = Object.keys(a.keep).map((name) => ({ name, a: overlap(a, name), b: overlap(b, name), shared: (a.keep[name] ?? []).filter((channel) => b.keep[name]?.includes(channel)).length }));
  return (
    <Dialog wide title="Two plans side by side" label="Compare two plans" onClose={onClose}>
      <div className="side-by-side">
        <Columns caption="Request and outcome" a={a} b={b} rows={rows} />
        {perClass.length > 0 && <Columns caption="Accuracy per class" a={a} b={b} rows={perClass} />}
        <Columns caption="Kept of each group, and how many by both" a={a} b={b} rows={widths.map(({ name, shared, ...sides }) => ({ name: `${name} (${shared} shared)`, ...sides }))} />
      </div>
    </Dialog>
  );
}

function Columns({ caption, a, b, rows }: { readonly caption: string; readonly a: HistoryNode; readonly b: HistoryNode; readonly rows: readonly { readonly name: string; readonly a: string; readonly b: string }[] }) {
  return (
    <table>
      <caption>{caption}</caption>
      <thead>
        <tr>
          <th scope="col">
            <span className="sr-only">what</span>
          </th>
          <th scope="col">{a.name ?? namedPlan(a.settings)}</th>
          <th scope="col">{b.name ?? namedPlan(b.settings)}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.name} className={row.a === row.b ? 'mute' : undefined}>
            <th scope="row">{row.name}</th>
            <td>{row.a}</td>
            <td>{row.b}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function rowsOf({ settings: { request, pins, images, source }, cost, outcome }: HistoryNode): readonly (readonly [string, string])[] {
  const text = outcome.perplexity !== undefined;
  const tested = text ? 'windows' : 'images';
  return [
    ['keep', request.target.kind === 'eta' ? `η ≥ ${request.target.value.toFixed(3)}` : `${percent(request.target.value)} ${TARGET_LABELS[request.target.kind]}`],
    ['select', SELECTION_LABELS[request.select]],
    ['compensate', COMPENSATION_LABELS[request.compensate]],
    ['order', ORDER_LABELS[request.order]],
    ['allocate', ALLOCATION_LABELS[request.allocate]],
    ['norms', request.renorm ? 're-estimated' : 'as they were'],
    ['rules', rulesLabel(request.rules) || 'none'],
    ['set by hand', `${pinnedCount(pins)} channels`],
    ['calibration', `${whole(images)} ${tested}, seed ${request.seed}${source ? `, ${sourceLabel(source)}` : ''}`],
    ...(text
      ? ([['perplexity', written(outcome.perplexity, perplexity)], ['KL divergence', written(outcome.divergence, (value) => `${value.toFixed(4)} nats`)]] as const)
      : ([['accuracy', written(outcome.accuracy, (value) => percent(value, 2))]] as const)),
    [text ? 'next-token agreement' : 'agreement', percent(outcome.agreement, 2)],
    [`test ${tested}`, whole(outcome.images)],
    ['parameters', count(cost.params)],
    ['MACs', count(cost.macs)],
    ['weights', bytes(cost.bytes)],
    ['latency', written(outcome.latency, milliseconds)],
  ];
}

function written(value: number | undefined, write: (value: number) => string): string {
  return value === undefined ? '–' : write(value);
}

function classAccuracy({ outcome }: HistoryNode, index: number): string {
  const counted = outcome.perClass[index];
  return counted && counted.total > 0 ? percent(counted.correct / counted.total) : '–';
}

function overlap({ keep }: HistoryNode, group: string): string {
  return String(keep[group]?.length ?? '–');
}
