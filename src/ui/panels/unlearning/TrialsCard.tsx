import { toCsv } from '../../../lab/csv.ts';
import { trialsTitle } from '../../../lab/unlearning/findings.ts';
import { METHOD_LABELS } from '../../../lab/unlearning/methods.ts';
import { trialsTable } from '../../../lab/unlearning/tables.ts';
import type { ForgetRun } from '../../../lab/unlearning/unlearningState.ts';
import type { ForgettingReport } from '../../../unlearning/forgettingReport.ts';
import { ChartCard } from '../../charts/ChartCard.tsx';
import { TrialsChart } from '../../charts/unlearning/TrialsChart.tsx';
import { ChartPlaceholder } from '../ChartPlaceholder.tsx';

/** Forget and retain by the share removed: of what runs, else of what is shown. */
export function TrialsCard({ report, running }: { readonly report: ForgettingReport | undefined; readonly running: ForgetRun | undefined }) {
  const trials = running?.trials ?? report?.trials ?? [];
  const method = running?.method ?? report?.method;
  const table = trialsTable(trials);
  const title = running ? 'Trying shares, the least first' : trialsTitle(trials);
  const csv = () => toCsv(['share_removed', 'forget', 'retain_agreement'], trials.map(({ share, forget, retain }) => [share, forget, retain]));
  return (
    <ChartCard region="Forget and retain by the share removed" name="forget-trials" title={title} subtitle={`${method ? METHOD_LABELS[method] : ''}, on the pictures that the method was given; the rest counts where the intact network puts it there too`} table={table} csv={csv}>
      {trials.length === 0 ? <ChartPlaceholder text="The first share is being tried." /> : <TrialsChart trials={trials} label={`${title}.`} />}
    </ChartCard>
  );
}
