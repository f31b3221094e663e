import { number } from '../../../lab/theoryFindings.ts';
import type { Lipschitz } from '../../../theory/results.ts';
import { logAxis } from '../axes.ts';
import { SeriesPlot } from './SeriesPlot.tsx';
import { TheoryPlot } from './TheoryPlot.tsx';

/** For every norm layer, in the network's order: how far it stretches differences, beside what its weights allow. */
export function LipschitzChart({ result: { norms }, label }: { readonly result: Lipschitz; readonly label: string }) {
  const line = (of: (norm: Lipschitz['norms'][number]) => number) => norms.flatMap((norm, i) => (of(norm) > 0 ? [{ x: i + 1, y: Math.log10(of(norm)) }] : []));
  const series = [
    { key: 'bound', label: 'bound', colour: 'var(--series-4)', dashes: '5 3', points: line(({ bound }) => bound) },
    { key: 'greatest', label: 'greatest ratio', colour: 'var(--series-1)', points: line(({ greatest }) => greatest) },
    { key: 'median', label: 'median ratio', colour: 'var(--series-2)', points: line(({ median }) => median) },
    { key: 'deviation', label: 'least deviation', colour: 'var(--series-6)', dashes: '2 3', points: line(({ leastDeviation }) => leastDeviation) },
  ];
  const every = Math.ceil(norms.length / 8);
  const ticks = norms.map((_, i) => i + 1).filter((i) => (i - 1) % every === 0);
  return (
    <TheoryPlot name="lipschitz" label={label}>
      {(size) => (
        <SeriesPlot
          size={size}
          x={{ from: 0.5, to: norms.length + 0.5, ticks, format: (at) => `${at}.` }}
          y={logAxis(norms.flatMap(({ bound, greatest, median, leastDeviation }) => [bound, greatest, median, leastDeviation]))}
          series={series}
          heading={(at) => norms[at - 1]?.node ?? ''}
          value={(power) => number(10 ** power)}
        />
      )}
    </TheoryPlot>
  );
}
