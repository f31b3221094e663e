import { errorText } from '../../../lab/errors.ts';
import { notify } from '../../../lab/store.ts';
import type { ForgetOutcome } from '../../../lab/unlearning/unlearningState.ts';
import { useLab } from '../../LabContext.tsx';
import { useUnlearning } from './useUnlearning.ts';

type Export = keyof typeof import('./exportForgotten.ts');

/** What can be done with the network that forgot. */
export function OutcomeActions({ outcome }: { readonly outcome: ForgetOutcome }) {
  const lab = useLab();
  const unlearning = useUnlearning();
  const save = async (name: Export) => {
    try {
      const exports = await import('./exportForgotten.ts');
      await exports[name](lab.store.getState(), outcome);
    } catch (error) {
      notify(lab.store, 'error', `Nothing was exported: ${errorText(error)}`);
    }
  };
  return (
    <fieldset className="forget-actions" aria-label="The network that forgot">
      <button type="button" className="pick" onClick={() => void save('exportLayersModel')}>
        Save as TensorFlow.js
      </button>
      <button type="button" className="pick" onClick={() => void save('exportOnnxModel')}>
        Save as ONNX
      </button>
      <button type="button" className="pick" onClick={() => void save('exportReport')}>
        Report
      </button>
      <button type="button" className="pick" title="The other panels then look at it; the dialog starts anew" onClick={() => void unlearning.openInLab(outcome)}>
        Open it in the lab
      </button>
    </fieldset>
  );
}
