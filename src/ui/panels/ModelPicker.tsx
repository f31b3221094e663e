import { lazy, Suspense } from 'react';
import { SHIPPED_MODELS } from '../../lab/catalogue.ts';
import type { ModelDescriptor } from '../../lab/experiment.ts';
import { count } from '../../lab/format.ts';
import { modelLabel } from '../../lab/labels.ts';
import { intactCost } from '../../lab/planCost.ts';
import { Boundary } from '../controls/Boundary.tsx';
import { Popover } from '../controls/Popover.tsx';
import { useExperiment } from '../LabContext.tsx';

const ModelPanel = lazy(() => import('./ModelPanel.tsx').then((module) => ({ default: module.ModelPanel })));

export function ModelPicker() {
  const model = useExperiment((experiment) => experiment.model);
  const params = useExperiment((experiment) => intactCost(experiment)?.params);
  const shown = model.opening ?? model.descriptor;
  const about = [taskOf(shown), params && !model.opening ? count(params) : undefined].filter(Boolean).join(' · ');
  return (
    <Popover
      title="Model"
      label={`Model: ${modelLabel(shown)} ${about}`}
      button={
        <>
          {modelLabel(shown)} <small>{about}</small>
        </>
      }
    >
      {(close, open) =>
        open && (
          <Boundary what="The choice of models"><Suspense>
            <ModelPanel model={model} shown={shown} close={close} />
          </Suspense></Boundary>
        )
      }
    </Popover>
  );
}

function taskOf(descriptor: ModelDescriptor): string | undefined {
  return descriptor.kind === 'shipped' ? SHIPPED_MODELS.find(({ id }) => id === descriptor.id)?.task : undefined;
}
