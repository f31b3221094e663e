import { lazy, Suspense, useState } from 'react';
import { Boundary } from '../../controls/Boundary.tsx';
import { useExperiment } from '../../LabContext.tsx';

const UnlearningDialog = lazy(() => import('./UnlearningDialog.tsx').then((module) => ({ default: module.UnlearningDialog })));

/** Opens the unlearning lab, whose code loads on first use; a text has no classes to be forgotten. */
export function ForgetButton() {
  const [open, setOpen] = useState(false);
  if (useExperiment(({ dataset }) => dataset?.text)) return null;
  return (
    <>
      <button type="button" className="pick" aria-haspopup="dialog" onClick={() => setOpen(true)}>
        Forget a class
      </button>
      {open && (
        <Boundary what="Forgetting"><Suspense>
          <UnlearningDialog onClose={() => setOpen(false)} />
        </Suspense></Boundary>
      )}
    </>
  );
}
