import { useMemo } from 'react';
import { labelOf } from '../../lab/groupLabel.ts';
import { theoryJob } from '../../lab/theory.ts';
import { THEORY_CLAIMS } from '../../lab/theoryClaims.ts';
import { finding, number, selectionLabel, VERDICT_LABELS, type Finding, type LabelOf } from '../../lab/theoryFindings.ts';
import { readableTable, theoryCsv, theoryTable } from '../../lab/theoryTables.ts';
import type { LocalGlobal, TheoryExperiment, TheoryResult } from '../../theory/results.ts';
import { ChartCard } from '../charts/ChartCard.tsx';
import { DataTable } from '../charts/DataTable.tsx';
import { CorrelationChart } from '../charts/theory/CorrelationChart.tsx';
import { LipschitzChart } from '../charts/theory/LipschitzChart.tsx';
import { LocalGlobalChart } from '../charts/theory/LocalGlobalChart.tsx';
import { NoiseChart } from '../charts/theory/NoiseChart.tsx';
import { OrderGapChart } from '../charts/theory/OrderGapChart.tsx';
import { ScoringCostChart } from '../charts/theory/ScoringCostChart.tsx';
import { StabilityChart } from '../charts/theory/StabilityChart.tsx';
import { JobLine } from '../controls/JobLine.tsx';
import { useExperiment, useLab } from '../LabContext.tsx';
import { ChartPlaceholder } from './ChartPlaceholder.tsx';

/** One claim: what the paper says, a way to check it here, and what came out. */
export function TheoryCard({ experiment, ready }: { readonly experiment: TheoryExperiment; readonly ready: boolean }) {
  const lab = useLab();
  const result = useExperiment((state) => state.theory[experiment]);
  const job = useExperiment((state) => state.jobs.find(({ kind }) => kind === theoryJob(experiment)));
  const failure = useExperiment((state) => state.theoryFailures[experiment]);
  const labelOf = useLabels();
  const { title, source, text } = THEORY_CLAIMS[experiment];
  const found = useMemo(() => result && finding(result, labelOf), [result, labelOf]);
  const run = (
    <button type="button" className="small run" disabled={!ready} aria-label={`${result ? 'Check again' : 'Check'}: ${title}`} onClick={() => void lab.runTheory(experiment)}>
      {result ? 'Again' : 'Check'}
    </button>
  );
  const claim = (
    <>
      <b>{source}</b> · {text}
      {found && <Verdict found={found} />}
      {job && <JobLine job={job} cancelLabel="Stop" />}
      {failure !== undefined && <p className="failure" role="alert">This could not be checked: {failure}</p>}
    </>
  );
  if (!result || !found) {
    return (
      <section className="panel chart-card" aria-label={title}>
        <div className="chart-head">
          <h3>{title}</h3>
          {!job && run}
        </div>
        <div className="subtitle">{claim}</div>
      </section>
    );
  }
  const table = readableTable(theoryTable(result, labelOf));
  return (
    <ChartCard region={title} name={experiment} title={found.sentence} subtitle={claim} tools={!job && run} table={table} csv={() => theoryCsv(result)}>
      {table.rows.length === 0 ? <ChartPlaceholder text="There is nothing to draw." /> : <TheoryChart result={result} label={`${found.sentence}. ${VERDICT_LABELS[found.verdict]}.`} labelOf={labelOf} />}
    </ChartCard>
  );
}

function Verdict({ found: { verdict } }: { readonly found: Finding }) {
  return (
    <>
      {' '}
      <span className="tag verdict" data-verdict={verdict}>
        {VERDICT_LABELS[verdict]}
      </span>
    </>
  );
}

function TheoryChart({ result, label, labelOf }: { readonly result: TheoryResult; readonly label: string; readonly labelOf: LabelOf }) {
  switch (result.experiment) {
    case 'localGlobal':
      return (
        <>
          <LocalGlobalChart result={result} label={label} labelOf={labelOf} />
          <Slopes result={result} labelOf={labelOf} />
        </>
      );
    case 'lipschitz':
      return <LipschitzChart result={result} label={label} />;
    case 'orderGap':
      return <OrderGapChart result={result} label={label} />;
    case 'noise':
      return <NoiseChart result={result} label={label} />;
    case 'correlation':
      return <CorrelationChart result={result} label={label} labelOf={labelOf} />;
    case 'stability':
      return <StabilityChart result={result} label={label} />;
    case 'scoringCost':
      return (
        <>
          <ScoringCostChart result={result} label={label} />
          {result.skipped.length > 0 && <p className="hint">Not measured here: {result.skipped.map(({ select, reason }) => `${selectionLabel(select)} (${reason.replace(/\.$/, '')})`).join('; ')}.</p>}
        </>
      );
  }
}

function Slopes({ result: { slopes }, labelOf }: { readonly result: LocalGlobal; readonly labelOf: LabelOf }) {
  const rows = slopes.toSorted((a, b) => b.worst - a.worst).map(({ group, fitted, worst }) => [labelOf(group), number(fitted), number(worst)]);
  return (
    <details className="slopes">
      <summary>Slopes of all groups</summary>
      <DataTable caption="Slopes of all groups, the worst first" table={{ header: ['group', 'fitted slope', 'worst slope C'], rows }} />
    </details>
  );
}

function useLabels(): LabelOf {
  const labels = useExperiment((state) => state.groupLabels);
  return useMemo(() => (group) => labelOf(labels, group).full, [labels]);
}
