import { useMemo } from 'react';
import { toCsv } from '../../../lab/csv.ts';
import { percent } from '../../../lab/format.ts';
import { retrainedWithout } from '../../../lab/unlearning/retrained.ts';
import { tradeOffPoints, undominated } from '../../../lab/unlearning/tradeOffPoints.ts';
import { sameClasses, shownOutcome } from '../../../lab/unlearning/unlearningState.ts';
import { ChartCard } from '../../charts/ChartCard.tsx';
import { TradeOffChart } from '../../charts/unlearning/TradeOffChart.tsx';
import { useForgetting } from './useUnlearning.ts';

/** The lab's own frontier: retain against what a probe regains, of everything that was tried on the same classes. */
export function TradeOffCard() {
  const outcomes = useForgetting((state) => state.outcomes);
  const classes = useForgetting((state) => shownOutcome(state)?.report.settings.classes);
  const retrained = useForgetting((state) => state.retrained);
  const points = useMemo(() => {
    if (!classes) return [];
    return tradeOffPoints(outcomes.map(({ report }) => report).filter((report) => sameClasses(report.settings.classes, classes)), retrainedWithout(retrained, classes));
  }, [outcomes, classes, retrained]);
  if (points.length < 3) return null;
  const best = undominated(points);
  const title = best.length === 0 ? 'Nothing that was tried forgets yet' : best.length === 1 ? `Of what forgets, ${best[0].label} keeps most and leaves least to be regained` : `${best.length} ways are the best trade-off between what is kept and what could be regained`;
  const rows = points.map(({ label, forget, retain, recoverability }) => [label, percent(forget), percent(retain), percent(recoverability)]);
  const csv = () => toCsv(['network', 'forget', 'retain', 'regained'], points.map(({ label, forget, retain, recoverability }) => [label, forget, retain, recoverability]));
  return (
    <ChartCard region="Trade-off" name="forget-trade-off" title={title} subtitle="Full dots have forgotten; rings still know the class, or are there to compare with. Further left, less of it could be regained." table={{ header: ['network', 'forget', 'retain', 'regained'], rows }} csv={csv}>
      <TradeOffChart points={points} label={`${title}.`} />
    </ChartCard>
  );
}
