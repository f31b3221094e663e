import { lazy, Suspense } from 'react';
import { Boundary } from '../controls/Boundary.tsx';
import { ChartPlaceholder } from './ChartPlaceholder.tsx';

const FidelityCurvePanel = lazy(() => import('./FidelityCurvePanel.tsx').then((module) => ({ default: module.FidelityCurvePanel })));

/** The chosen group's fidelity curves; their code loads beside the first view. */
export function FidelityPanel() {
  const waiting = (
    <section className="panel chart-card" aria-label="Fidelity curve">
      <ChartPlaceholder text="Loading the chart…" />
    </section>
  );
  return (
    <Boundary what="The chart">
      <Suspense fallback={waiting}>
        <FidelityCurvePanel />
      </Suspense>
    </Boundary>
  );
}
