import { lazy, Suspense, useCallback, useDeferredValue, useMemo } from 'react';
import { toCsv } from '../../lab/csv.ts';
import { nothingToPrune, shownFidelity, shownGroups } from '../../lab/experiment.ts';
import { whole } from '../../lab/format.ts';
import { stageLabels } from '../../lab/labels.ts';
import { compensatedCurve } from '../../lab/rankings.ts';
import { groupRuleLabel, groupRuleOf } from '../../lab/rules.ts';
import { curveTitle } from '../../lab/titles.ts';
import { prunableGroups } from '../../pruning/keepSets.ts';
import { ChartCard, type ChartTable } from '../charts/ChartCard.tsx';
import { Boundary } from '../controls/Boundary.tsx';
import { useExperiment, useLab } from '../LabContext.tsx';
import { ChartPlaceholder } from './ChartPlaceholder.tsx';

const FidelityChart = lazy(() => import('../charts/FidelityChart.tsx').then((module) => ({ default: module.FidelityChart })));

export function FidelityPanel() {
  const lab = useLab();
  const name = useExperiment((experiment) => experiment.selectedGroup);
  const groups = useExperiment(shownGroups);
  const nodes = useExperiment((experiment) => experiment.model.loaded?.nodes);
  // Curves are drawn in a task of their own, after the strips: both in one would hold the page up.
  const fidelity = useDeferredValue(useExperiment((experiment) => shownFidelity(experiment).groups?.find((group) => group.name === name)));
  const detail = useDeferredValue(useExperiment((experiment) => (name === undefined ? undefined : experiment.details[name])));
  const compensate = useExperiment((experiment) => experiment.request.compensate);
  const width = useExperiment((experiment) => (name === undefined ? undefined : experiment.keep?.[name]?.length));
  const rule = useExperiment((experiment) => (name === undefined ? undefined : groupRuleOf(experiment.request.rules, name)));
  const stuck = useExperiment(nothingToPrune);
  const precomputed = useExperiment((experiment) => (experiment.calibration.update ? undefined : experiment.precomputed));
  const images = useExperiment((experiment) => experiment.calibration.update?.images);

  const label = useMemo(() => stageLabels(prunableGroups(groups), nodes).flatMap((stage) => stage.groups).find((entry) => entry.name === name)?.full ?? name ?? '', [groups, nodes, name]);
  const onWidth = useCallback(
    (next: number, final: boolean) => {
      if (name !== undefined) lab.setWidth(name, next, final);
    },
    [lab, name],
  );
  const table = useMemo((): ChartTable => {
    const n = fidelity?.curves.scale.length ?? 0;
    if (fidelity && n === 0) return { header: ['channel', 'singleton fidelity'], rows: fidelity.singleton.map((score, channel) => [channel, score.toFixed(4)]) };
    return {
      header: ['k', 'scale', 'least squares', 'greedy', 'random 5 %', 'random median', 'random 95 %'],
      rows: Array.from({ length: n }, (_, i) => [
        i + 1,
        ...[fidelity?.curves.scale, fidelity?.curves.leastSquares, detail?.greedy, detail?.band.low, detail?.band.median, detail?.band.high].map((curve) => curve?.[i]?.toFixed(4) ?? ''),
      ]),
    };
  }, [fidelity, detail]);

  const curve = fidelity && compensatedCurve(fidelity, compensate);
  const title = curve ? curveTitle(curve) : 'How many channels does a layer need?';
  const reached = curve && width !== undefined ? curve[width - 1] : undefined;
  const source = precomputed ? `precomputed on ${precomputed.machine}` : images === undefined ? 'waiting for the first scores' : `${whole(images)} images`;
  return (
    <ChartCard
      region="Fidelity curve"
      name="fidelity-curve"
      title={title}
      subtitle={
        <>
          {label && `${label} · `}
          {curve?.length === 0 ? 'fidelity of each channel' : 'fidelity η of the best k channels'} · {source}
          {detail && detail.band.low.length > 0 && ` · band: ${detail.band.permutations} random orders, 5–95 %`}
          {rule && name !== undefined && (
            <>
              {' · '}
              <b>{groupRuleLabel(rule)}</b>{' '}
              <button type="button" className="link" onClick={() => lab.setGroupRule(name, undefined)}>
                release
              </button>
            </>
          )}
        </>
      }
      table={table}
      csv={() => toCsv(table.header, table.rows)}
    >
      {curve?.length === 0 ? (
        <ChartPlaceholder text="The layers that read this group are too wide for fidelity curves: each of its channels has a score of its own, in the table, and their weights stay as they are." />
      ) : fidelity && curve ? (
        <Boundary what="The chart"><Suspense fallback={<ChartPlaceholder text="Loading the chart…" />}>
          <FidelityChart
            label={`${title}. ${label}: ${width === undefined ? '' : `${width} channels are kept, `}${reached === undefined ? '' : `which rebuild ${(100 * reached).toFixed(0)} % of it.`}`}
            group={label}
            scale={fidelity.curves.scale}
            leastSquares={fidelity.curves.leastSquares}
            detail={detail}
            width={width}
            reached={reached}
            onWidth={onWidth}
          />
        </Suspense></Boundary>
      ) : (
        <ChartPlaceholder text={stuck ? 'Nothing in this network can be cut, so there is nothing to score.' : 'The curve appears with the first batch of calibration images.'} />
      )}
    </ChartCard>
  );
}
