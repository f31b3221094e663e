import { nothingToPrune } from '../../lab/experiment.ts';
import { whole } from '../../lab/format.ts';
import { SLOPE_IMAGES, THEORY_EXPERIMENTS, type TheoryExperiment } from '../../theory/results.ts';
import { Dialog } from '../controls/Dialog.tsx';
import { useExperiment, useLab } from '../LabContext.tsx';
import { SensitivityCard } from './SensitivityCard.tsx';
import { TheoryCard } from './TheoryCard.tsx';
import './theory.css';

/** The quick ones first; stability takes minutes. */
const CHECKED_IN_ORDER: readonly TheoryExperiment[] = ['lipschitz', 'correlation', 'localGlobal', 'orderGap', 'noise', 'scoringCost', 'stability'];

/** Every claim of the theory, to be checked on the network that is open. */
export function TheoryDialog({ onClose }: { readonly onClose: () => void }) {
  const lab = useLab();
  const images = useExperiment((experiment) => experiment.calibration.images);
  const seed = useExperiment((experiment) => experiment.request.seed);
  const ready = useExperiment((experiment) => experiment.engine === 'ready' && experiment.model.loaded !== undefined);
  const stuck = useExperiment(nothingToPrune);
  const text = useExperiment(({ dataset }) => dataset?.text !== undefined);
  const theory = useExperiment((experiment) => experiment.theory);
  const done = THEORY_EXPERIMENTS.filter((experiment) => theory[experiment]).length;
  return (
    <Dialog wide title="Check the claims" label="Theory" onClose={onClose}>
      <div className="theory">
        <div className="row">
          <p className="hint">
            What the paper claims, measured on this network with {whole(images)} {text ? 'windows of text' : 'calibration pictures'}{images > SLOPE_IMAGES && ` (${SLOPE_IMAGES} for Theorem 3.1)`}, seed {seed}. {done > 0 && `${done} of ${THEORY_EXPERIMENTS.length} checked. `}
            All of it takes minutes, and goes on when this is closed.
          </p>
          <button type="button" className="pick" disabled={!ready || stuck} onClick={() => CHECKED_IN_ORDER.forEach((experiment) => void lab.runTheory(experiment))}>
            Check all
          </button>
        </div>
        {stuck && <p className="hint">Nothing in this network can be cut, so there is nothing to check.</p>}
        <div className="theory-cards">
          {THEORY_EXPERIMENTS.map((experiment) => (
            <TheoryCard key={experiment} experiment={experiment} ready={ready && !stuck} />
          ))}
          {text ? <p className="hint">What other calibration pictures cost is asked of networks that see pictures.</p> : <SensitivityCard ready={ready && !stuck} />}
        </div>
      </div>
    </Dialog>
  );
}
