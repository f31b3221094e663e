import { percent } from '../../../lab/format.ts';
import type { OrderGap } from '../../../theory/results.ts';
import { SHARES, wholePercent } from './shares.ts';
import { SeriesPlot } from './SeriesPlot.tsx';
import { TheoryPlot } from './TheoryPlot.tsx';

/** Accuracy by what is left of the MACs, compensated in both orders, with the gap between them shaded. */
export function OrderGapChart({ result: { points }, label }: { readonly result: OrderGap; readonly label: string }) {
  const targets = points.map(({ target }) => target);
  const least = Math.min(...targets);
  const ticks = targets.toSorted((a, b) => b - a).filter((target, i, all) => i === 0 || all[i - 1] - target > 0.04);
  return (
    <TheoryPlot name="order-gap" label={label}>
      {(size) => (
        <SeriesPlot
          size={size}
          x={{ from: Math.max(...targets) + 0.02, to: least - 0.02, ticks, format: wholePercent }}
          y={SHARES}
          area={{ label: 'the gap', points: points.map(({ target, oneShot, sequential }) => ({ x: target, low: oneShot, high: sequential })) }}
          series={[
            { key: 'sequential', label: 'sequential', colour: 'var(--series-1)', points: points.map(({ target, sequential }) => ({ x: target, y: sequential })) },
            { key: 'oneShot', label: 'one-shot', colour: 'var(--series-4)', dashes: '4 3', points: points.map(({ target, oneShot }) => ({ x: target, y: oneShot })) },
          ]}
          heading={(target) => `${percent(target, 0)} of the MACs`}
          value={(accuracy) => percent(accuracy)}
        />
      )}
    </TheoryPlot>
  );
}
