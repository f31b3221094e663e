import { lazy, Suspense, useState } from 'react';
import { rulesLabel } from '../../lab/rules.ts';
import { Boundary } from '../controls/Boundary.tsx';
import { useExperiment } from '../LabContext.tsx';

const RulesForm = lazy(() => import('./RulesForm.tsx').then((module) => ({ default: module.RulesForm })));

/** What widths must obey beside the budget: for all groups here, for one in its row. */
export function RulesPanel() {
  const label = useExperiment((experiment) => rulesLabel(experiment.request.rules));
  const [open, setOpen] = useState(false);
  return (
    <details className="rules" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Rules{label && <span className="mute"> · {label}</span>}</summary>
      {open && (
        <Boundary what="The rules"><Suspense>
          <RulesForm />
        </Suspense></Boundary>
      )}
    </details>
  );
}
