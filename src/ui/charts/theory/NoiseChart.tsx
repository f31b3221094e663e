import { percent } from '../../../lab/format.ts';
import { number } from '../../../lab/theoryFindings.ts';
import type { Noise } from '../../../theory/results.ts';
import { linearAxis } from '../axes.ts';
import { SHARES } from './shares.ts';
import { SeriesPlot } from './SeriesPlot.tsx';
import { TheoryPlot } from './TheoryPlot.tsx';

/** Accuracy by the noise on the HiFi components, and by as much on the others. */
export function NoiseChart({ result: { points, intact, share }, label }: { readonly result: Noise; readonly label: string }) {
  const x = linearAxis(points.map(({ deviation }) => deviation), number);
  const from = { x: 0, y: intact };
  return (
    <TheoryPlot name="noise" label={label}>
      {(size) => (
        <SeriesPlot
          size={size}
          x={{ ...x, format: (deviation) => `${number(deviation)} σ` }}
          y={SHARES}
          series={[
            { key: 'intact', label: 'intact', colour: 'var(--series-6)', dashes: '2 3', plain: true, points: [from, { x: x.to, y: intact }] },
            { key: 'others', label: `on the other ${percent(1 - share, 0)}`, colour: 'var(--series-2)', dashes: '4 3', points: [from, ...points.map(({ deviation, onOthers }) => ({ x: deviation, y: onOthers }))] },
            { key: 'hifi', label: `on the HiFi ${percent(share, 0)}`, colour: 'var(--series-4)', points: [from, ...points.map(({ deviation, onHiFi }) => ({ x: deviation, y: onHiFi }))] },
          ]}
          heading={(deviation) => `noise of ${number(deviation)} σ`}
          value={(accuracy) => percent(accuracy)}
        />
      )}
    </TheoryPlot>
  );
}
