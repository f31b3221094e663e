import { count, percent } from '../../lab/format.ts';
import { COMPENSATION_LABELS, ORDER_LABELS, SELECTION_LABELS, TARGET_LABELS } from '../../lab/labels.ts';
import { intactCost } from '../../lab/planCost.ts';
import { COMPENSATIONS, ORDERS, SELECTIONS, TARGET_KINDS, type BudgetTarget } from '../../pruning/pruneRequest.ts';
import type { Cost } from '../../workers/protocol.ts';
import { Choice } from '../controls/Choice.tsx';
import { RangeSlider } from '../controls/RangeSlider.tsx';
import { SegmentedControl } from '../controls/SegmentedControl.tsx';
import { useExperiment, useLab } from '../LabContext.tsx';
import { BeforeAfter } from './BeforeAfter.tsx';
import { ChangedPictures } from './ChangedPictures.tsx';
import { HistoryPanel } from './HistoryPanel.tsx';
import { PerClass } from './PerClass.tsx';
import { PlanStatus } from './PlanStatus.tsx';
import { RulesPanel } from './RulesPanel.tsx';

const KINDS = TARGET_KINDS.map((value) => ({ value, label: TARGET_LABELS[value] }));

export function PrunePanel() {
  return (
    <section className="panel prune" aria-label="Prune">
      <h2 className="panel-head">Prune</h2>
      <div className="scroll">
        <Budget />
        <Recipe />
        <RulesPanel />
        <PlanStatus />
        <BeforeAfter />
        <PerClass />
        <ChangedPictures />
        <HistoryPanel />
      </div>
    </section>
  );
}

function Budget() {
  const lab = useLab();
  const target = useExperiment((experiment) => experiment.request.target);
  const cost = useExperiment((experiment) => experiment.cost);
  const intact = useExperiment(intactCost);
  const { kind, value } = target;
  const amount = kind === 'eta' ? `η ≥ ${value.toFixed(3)}` : percent(value);
  const left = amountLeft(kind, cost, intact);
  const over = overBudget(target, cost, intact);
  return (
    <>
      <SegmentedControl legend="Keep" options={KINDS} value={kind} onChange={(next) => lab.setTarget({ kind: next, value: next === 'eta' ? 0.9 : kind === 'eta' ? 0.5 : value }, true)} />
      <RangeSlider
        label="Keep"
        min={kind === 'eta' ? 0.3 : 0.05}
        max={1}
        step={0.002}
        value={value}
        valueText={`${amount}${kind === 'eta' ? '' : ` of ${TARGET_LABELS[kind]}`}${left ? `, ${left}` : ''}`}
        onChange={(next, final) => lab.setTarget({ kind, value: next }, final)}
      />
      <div className="row">
        <span>{amount}</span>
        <span className="mute">{left}</span>
      </div>
      {over !== undefined && <p className="hint">The rules and what is set by hand keep {percent(over)} of the {TARGET_LABELS[kind]}, more than the budget.</p>}
    </>
  );
}

function Recipe() {
  const lab = useLab();
  const { select, compensate, order, target } = useExperiment((experiment) => experiment.request);
  const groups = useExperiment((experiment) => experiment.calibration.norms);
  return (
    <>
      <Choice label="Select" options={SELECTIONS} names={SELECTION_LABELS} value={select} hint="What decides which channels stay" onChange={(next) => lab.setMethod({ select: next })} />
      <Choice label="Compensate" options={COMPENSATIONS} names={COMPENSATION_LABELS} value={compensate} hint="How the kept weights make up for the cut ones" onChange={(next) => lab.setMethod({ compensate: next })} />
      <Choice label="Order" options={ORDERS} names={ORDER_LABELS} value={order} hint="One-shot: every layer on the intact network. Sequential: each layer on inputs from the network pruned so far" onChange={(next) => lab.setMethod({ order: next })} />
      {target.kind === 'eta' && select !== 'singleton' && <p className="hint">η sets each layer’s width by the singleton curve; {SELECTION_LABELS[select]} sets which channels fill it.</p>}
      {(select === 'l1' || select === 'l2') && !groups && <p className="hint">The weights’ norms are known once the model is loaded.</p>}
    </>
  );
}

/** The share that is kept where it is more than was asked for. */
function overBudget({ kind, value }: BudgetTarget, cost: Cost | undefined, intact: Cost | undefined): number | undefined {
  if (!cost || !intact || (kind !== 'macs' && kind !== 'params')) return undefined;
  const share = cost[kind] / intact[kind];
  return share > value ? share : undefined;
}

function amountLeft(kind: BudgetTarget['kind'], cost: Cost | undefined, intact: Cost | undefined): string {
  if (!cost || !intact) return '';
  return kind === 'params' ? `${count(cost.params)} of ${count(intact.params)} parameters` : `${count(cost.macs)} of ${count(intact.macs)} MACs`;
}
