import { lazy, Suspense, useCallback, useDeferredValue, useMemo, useState } from 'react';
import { toCsv } from '../../lab/csv.ts';
import { nothingToPrune, shownFidelity, shownGroups } from '../../lab/experiment.ts';
import { whole } from '../../lab/format.ts';
import { labelOf } from '../../lab/groupLabel.ts';
import { rankingOf } from '../../lab/hifiSet.ts';
import { COMPENSATION_LABELS, SELECTION_LABELS } from '../../lab/labels.ts';
import { compensatedCurve } from '../../lab/rankings.ts';
import { groupRuleLabel, groupRuleOf } from '../../lab/rules.ts';
import { curvesTable, reaches, reachSentence, searchCurves, type MethodCurve } from '../../lab/searchCurves.ts';
import { curveTitle } from '../../lab/titles.ts';
import type { PruneRequest } from '../../pruning/pruneRequest.ts';
import { ChartCard, type ChartTable } from '../charts/ChartCard.tsx';
import { FidelityChart } from '../charts/FidelityChart.tsx';
import { Boundary } from '../controls/Boundary.tsx';
import { useExperiment, useLab } from '../LabContext.tsx';
import { ChartPlaceholder } from './ChartPlaceholder.tsx';
import { HifiLine } from './HifiLine.tsx';

const AllGroupsDialog = lazy(() => import('./AllGroupsDialog.tsx').then((module) => ({ default: module.AllGroupsDialog })));

/** How well the best k channels of the chosen group rebuild what is made of them, by every search. */
export function FidelityCurvePanel() {
  const lab = useLab();
  const name = useExperiment((experiment) => experiment.selectedGroup);
  const groups = useExperiment(shownGroups);
  const labels = useExperiment((experiment) => experiment.groupLabels);
  // Curves are drawn in a task of their own, after the strips: both in one would hold the page up.
  const fidelity = useDeferredValue(useExperiment((experiment) => shownFidelity(experiment).groups?.find((group) => group.name === name)));
  const detail = useDeferredValue(useExperiment((experiment) => (name === undefined ? undefined : experiment.details[name])));
  const ranked = useDeferredValue(useExperiment((experiment) => rankingOf(experiment, name)?.curve));
  const request = useExperiment((experiment) => experiment.request);
  const eta = useExperiment((experiment) => experiment.eta);
  const width = useExperiment((experiment) => (name === undefined ? undefined : experiment.keep?.[name]?.length));
  const rule = useExperiment((experiment) => (name === undefined ? undefined : groupRuleOf(experiment.request.rules, name)));
  const stuck = useExperiment(nothingToPrune);
  const precomputed = useExperiment((experiment) => (experiment.calibration.update ? undefined : experiment.precomputed));
  const text = useExperiment(({ dataset }) => dataset?.text !== undefined);
  const images = useExperiment((experiment) => experiment.calibration.update?.images);
  const [all, setAll] = useState(false);

  const { full: label, unit: { one, many } } = useMemo(() => labelOf(labels, name ?? ''), [labels, name]);
  const { select, compensate } = request;
  const method = useMemo(() => methodCurve({ select, compensate }, ranked), [select, compensate, ranked]);
  const curves = useMemo(() => searchCurves(fidelity, detail, method), [fidelity, detail, method]);
  const reached = useMemo(() => reaches(curves, eta), [curves, eta]);
  const onWidth = useCallback(
    (next: number, final: boolean) => {
      if (name !== undefined) lab.setWidth(name, next, final);
    },
    [lab, name],
  );
  const curve = ranked?.length ? Array.from(ranked) : fidelity && compensatedCurve(fidelity, compensate);
  const without = curve?.length === 0;
  const table = useMemo((): ChartTable => {
    if (fidelity && without) return { header: [one, 'singleton fidelity'], rows: fidelity.singleton.map((score, channel) => [channel, score.toFixed(4)]) };
    return curvesTable(curves, detail);
  }, [fidelity, without, curves, detail, one]);

  const title = curve ? curveTitle(curve, eta, many) : `How many ${many} does a layer need?`;
  const atWidth = curve && width !== undefined ? curve[width - 1] : undefined;
  const source = precomputed ? `precomputed on ${precomputed.machine}` : images === undefined ? 'waiting for the first scores' : `${whole(images)} ${text ? 'windows' : 'images'}`;
  const band = detail && detail.band.low.length > 0 ? detail.band : undefined;
  return (
    <>
      <ChartCard
        region="Fidelity curve"
        name="fidelity-curve"
        title={title}
        subtitle={
          <>
            {label && `${label} · `}
            {without ? `fidelity of each ${one}` : `fidelity η of the best k ${many}`} · {source}
            {band && ` · band: ${band.permutations} random orders, 5–95 %`}
            {rule && name !== undefined && (
              <>
                {' · '}
                <b>{groupRuleLabel(rule)}</b>{' '}
                <button type="button" className="link" onClick={() => lab.setGroupRule(name, undefined)}>
                  release
                </button>
              </>
            )}
            {curves.length > 0 && name !== undefined && <HifiLine group={name} label={label} reached={reached} />}
          </>
        }
        tools={
          groups.length > 0 && (
            <button type="button" className="small" aria-haspopup="dialog" onClick={() => setAll(true)}>
              All groups
            </button>
          )
        }
        table={table}
        csv={() => toCsv(table.header, table.rows)}
      >
        {without ? (
          <ChartPlaceholder text={`The layers that read this group are too wide for fidelity curves: each of its ${many} has a score of its own, in the table, and their weights stay as they are.`} />
        ) : fidelity && curve ? (
          <FidelityChart
            label={`${title}. ${label}: ${width === undefined ? '' : `${width} ${many} are kept${atWidth === undefined ? '' : `, which rebuild ${(100 * atWidth).toFixed(0)} % of it`}. `}${reachSentence(reached, eta)}.`}
            group={label}
            many={many}
            channels={curve.length}
            curves={curves}
            band={band}
            eta={eta}
            reached={reached}
            width={width}
            fidelity={atWidth}
            onWidth={onWidth}
          />
        ) : (
          <ChartPlaceholder text={stuck ? 'Nothing in this network can be cut, so there is nothing to score.' : 'The curve appears with the first batch that calibrates.'} />
        )}
      </ChartCard>
      {all && (
        <Boundary what="The view of all groups"><Suspense>
          <AllGroupsDialog onClose={() => setAll(false)} />
        </Suspense></Boundary>
      )}
    </>
  );
}

/** The request's own curve, where none of those that are drawn anyway is the same. */
function methodCurve({ select, compensate }: Pick<PruneRequest, 'select' | 'compensate'>, curve: ArrayLike<number> | undefined): MethodCurve | undefined {
  if (!curve || curve.length === 0) return undefined;
  const drawn = select === 'singleton' ? compensate === 'scale' || compensate === 'leastSquares' : (select === 'greedy' || select === 'backward' || select === 'exact') && compensate === 'scale';
  if (drawn) return undefined;
  return { label: SELECTION_LABELS[select] + (compensate === 'none' ? '' : ` + ${COMPENSATION_LABELS[compensate]}`), curve: Array.from(curve) };
}
