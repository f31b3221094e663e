import { lazy, Suspense } from 'react';
import { count, percent } from '../../lab/format.ts';
import { TARGET_LABELS } from '../../lab/labels.ts';
import { intactCost } from '../../lab/planCost.ts';
import { TARGET_KINDS, type BudgetTarget } from '../../pruning/pruneRequest.ts';
import type { Cost } from '../../workers/protocol.ts';
import { Boundary } from '../controls/Boundary.tsx';
import { RangeSlider } from '../controls/RangeSlider.tsx';
import { SegmentedControl } from '../controls/SegmentedControl.tsx';
import { useExperiment, useLab } from '../LabContext.tsx';
import { BeforeAfter } from './BeforeAfter.tsx';
import { PlanStatus } from './PlanStatus.tsx';
import { Recipe } from './Recipe.tsx';
import { RulesPanel } from './RulesPanel.tsx';

const PicturesAfter = lazy(() => import('./PicturesAfter.tsx').then((module) => ({ default: module.PicturesAfter })));

const LanguagePanel = lazy(() => import('./language/LanguagePanel.tsx').then((module) => ({ default: module.LanguagePanel })));

const HistoryPanel = lazy(() => import('./HistoryPanel.tsx').then((module) => ({ default: module.HistoryPanel })));

const ForgetButton = lazy(() => import('./unlearning/ForgetButton.tsx').then((module) => ({ default: module.ForgetButton })));

const KINDS = TARGET_KINDS.map((value) => ({ value, label: TARGET_LABELS[value] }));

export function PrunePanel() {
  const text = useExperiment(({ dataset }) => dataset?.text !== undefined);
  return (
    <section className="panel prune" aria-label="Prune">
      <div className="row">
        <h2 className="panel-head">Prune</h2>
        <Suspense>
          <ForgetButton />
        </Suspense>
      </div>
      <div className="scroll">
        <Budget />
        <Recipe />
        <RulesPanel />
        <PlanStatus />
        <BeforeAfter />
        <Boundary what="What has changed"><Suspense>
          {text ? <LanguagePanel /> : <PicturesAfter />}
        </Suspense></Boundary>
        <Boundary what="The history"><Suspense>
          <HistoryPanel />
        </Suspense></Boundary>
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
      {kind === 'latency' && <p className="hint">Of the time of one run, as the time of every layer of the intact network predicts it.</p>}
      {over !== undefined && <p className="hint">The rules and what is set by hand keep {percent(over)} of the {TARGET_LABELS[kind]}, more than the budget.</p>}
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
