import { percent } from '../../../lab/format.ts';
import type { UnlearnTrial } from '../../../unlearning/unlearn.ts';
import { linearAxis } from '../axes.ts';
import { SeriesPlot } from '../theory/SeriesPlot.tsx';
import { SHARES, wholePercent } from '../theory/shares.ts';
import { TheoryPlot } from '../theory/TheoryPlot.tsx';

/** What is still known of the class, and what of the rest, by the share of channels removed. */
export function TrialsChart({ trials, label }: { readonly trials: readonly UnlearnTrial[]; readonly label: string }) {
  const x = linearAxis([0.05, ...trials.map(({ share }) => share)], wholePercent);
  const line = (of: (trial: UnlearnTrial) => number) => trials.map((trial) => ({ x: trial.share, y: of(trial) }));
  return (
    <TheoryPlot name="forget-trials" label={label}>
      {(size) => (
        <SeriesPlot
          size={size}
          x={x}
          y={SHARES}
          series={[
            { key: 'retain', label: 'the rest', colour: 'var(--series-1)', points: line(({ retain }) => retain) },
            { key: 'forget', label: 'forgotten', colour: 'var(--series-4)', dashes: '5 3', points: line(({ forget }) => forget) },
          ]}
          heading={(share) => `${percent(share, 0)} of the channels removed`}
          value={(share) => percent(share)}
        />
      )}
    </TheoryPlot>
  );
}
