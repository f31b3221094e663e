import { percent, whole } from '../../../lab/format.ts';
import { mean } from '../../../lab/theoryFindings.ts';
import type { Stability } from '../../../theory/results.ts';
import { SHARES } from './shares.ts';
import { SeriesPlot } from './SeriesPlot.tsx';
import { TheoryPlot } from './TheoryPlot.tsx';

const PAD = 0.15;

/** Overlap of HiFi sets, and accuracy after pruning by them, by the number of calibration pictures. */
export function StabilityChart({ result, label }: { readonly result: Stability; readonly label: string }) {
  const counts = result.counts.toSorted((a, b) => a.images - b.images);
  const line = (of: (count: Stability['counts'][number]) => number) => counts.map((count) => ({ x: place(count), y: of(count) }));
  const places = counts.map(place);
  const measured = counts.filter(({ accuracies }) => accuracies.length > 0);
  return (
    <TheoryPlot name="stability" label={label}>
      {(size) => (
        <SeriesPlot
          size={size}
          x={{ from: Math.min(...places) - PAD, to: Math.max(...places) + PAD, ticks: places, format: (at) => whole(2 ** at) }}
          y={SHARES}
          area={{ label: 'accuracy over seeds', points: measured.map((count) => ({ x: place(count), low: Math.min(...count.accuracies), high: Math.max(...count.accuracies) })) }}
          series={[
            { key: 'overlap', label: 'overlap', colour: 'var(--series-2)', points: line(({ overlap }) => overlap) },
            { key: 'least', label: 'least overlap', colour: 'var(--series-3)', dashes: '4 3', points: line(({ leastOverlap }) => leastOverlap) },
            { key: 'accuracy', label: 'accuracy', colour: 'var(--series-1)', points: measured.map((count) => ({ x: place(count), y: mean(count.accuracies) })) },
            { key: 'chance', label: 'chance', colour: 'var(--series-6)', dashes: '2 3', plain: true, points: line(({ chance }) => chance) },
          ]}
          heading={(at) => `${whole(2 ** at)} pictures`}
          value={(share) => percent(share)}
        />
      )}
    </TheoryPlot>
  );
}

/** Equal steps for equal factors, as the counts are powers of two. */
function place({ images }: { readonly images: number }): number {
  return Math.log2(images);
}
