import { lazy, Suspense } from 'react';
import { Boundary } from '../controls/Boundary.tsx';
import { ChartPlaceholder } from './ChartPlaceholder.tsx';

const FrontierChartPanel = lazy(() => import('./FrontierChartPanel.tsx').then((module) => ({ default: module.FrontierChartPanel })));

/** What cutting costs, by method; its code loads beside the first view. */
export function FrontierPanel() {
  const waiting = (
    <section className="panel chart-card" aria-label="Frontier">
      <ChartPlaceholder text="Loading the chart…" />
    </section>
  );
  return (
    <Boundary what="The chart">
      <Suspense fallback={waiting}>
        <FrontierChartPanel />
      </Suspense>
    </Boundary>
  );
}
