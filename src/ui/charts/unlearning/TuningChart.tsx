import { percent } from '../../../lab/format.ts';
import type { TuningPoint } from '../../../lab/unlearning/tuning.ts';
import { linearAxis } from '../axes.ts';
import { SeriesPlot } from '../theory/SeriesPlot.tsx';
import { SHARES } from '../theory/shares.ts';
import { TheoryPlot } from '../theory/TheoryPlot.tsx';

const heading = (at: number) => `epoch ${at.toFixed(2)}`;

interface TuningChartProps {
  readonly points: readonly TuningPoint[];
  readonly epochs: number;
  readonly label: string;
}

/** Loss, and accuracy beneath it, of the pictures that are trained on. */
export function TuningChart({ points, epochs, label }: TuningChartProps) {
  const x = linearAxis([epochs], (at) => String(Number(at.toPrecision(3))));
  const losses = linearAxis(points.map(({ loss }) => loss), (loss) => String(Number(loss.toPrecision(3))));
  return (
    <>
      <TheoryPlot name="fine-tuning-loss" label={`${label} Loss.`} height={140}>
        {(size) => (
          <SeriesPlot size={size} x={x} y={losses} heading={heading} value={(loss) => loss.toFixed(3)}
            series={[{ key: 'loss', label: 'loss', colour: 'var(--series-4)', plain: true, points: points.map(({ at, loss }) => ({ x: at, y: loss })) }]} />
        )}
      </TheoryPlot>
      <TheoryPlot name="fine-tuning-accuracy" label={`${label} Accuracy.`} height={140}>
        {(size) => (
          <SeriesPlot size={size} x={x} y={SHARES} heading={heading} value={(share) => percent(share)}
            series={[{ key: 'accuracy', label: 'accuracy', colour: 'var(--series-1)', plain: true, points: points.map(({ at, accuracy }) => ({ x: at, y: accuracy })) }]} />
        )}
      </TheoryPlot>
    </>
  );
}
