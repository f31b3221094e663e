import { lazy, Suspense, useCallback, useDeferredValue, useMemo } from 'react';
import { toCsv } from '../../lab/csv.ts';
import { shownFidelity, shownGroups } from '../../lab/experiment.ts';
import { whole } from '../../lab/format.ts';
import { stageLabels } from '../../lab/labels.ts';
import { compensatedCurve } from '../../lab/rankings.ts';
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
  const held = useExperiment((experiment) => name !== undefined && experiment.pins[name] !== undefined);
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
    return {
      header: ['k', 'scale', 'least squares', 'greedy', 'random 5 %', 'random median', 'random 95 %'],
      rows: Array.from({ length: n }, (_, i) => [
        i + 1,
        ...[fidelity?.curves.scale, fidelity?.curves.leastSquares, detail?.greedy, detail?.band.low, detail?.band.median, detail?.band.high].map((curve) => curve?.[i]?.toFixed(4) ?? ''),
      ]),
    };
  }, [fidelity, detail]);

  const curve = fidelity && compensatedCurve(fidelity, compensate);
  const title = curve && curve.length > 0 ? curveTitle(curve) : 'How many channels does a layer need?';
  const reached = curve && width !== undefined ? curve[width - 1] : undefined;
  const source = precomputed ? `precomputed on ${precomputed.machine}` : images === undefined ? 'waiting for the first scores' : `${whole(images)} images`;
  return (
    <ChartCard
      region="Fidelity curve"
      name="fidelity-curve"
      title={title}
      subtitle={
        <>
          {label && `${label} · `}fidelity η of the best k channels · {source}
          {detail && ` · band: ${detail.band.permutations} random orders, 5–95 %`}
          {held && name !== undefined && (
            <>
              {' · '}
              <b>held at {width} by hand</b>{' '}
              <button type="button" className="link" onClick={() => lab.resetPins(name)}>
                release
              </button>
            </>
          )}
        </>
      }
      table={table}
      csv={() => toCsv(table.header, table.rows)}
    >
      {fidelity && curve ? (
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
        <ChartPlaceholder text="The curve appears with the first batch of calibration images." />
      )}
    </ChartCard>
  );
}
