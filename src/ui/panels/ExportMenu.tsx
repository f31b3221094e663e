import { shownFidelity, shownPlan } from '../../lab/experiment.ts';
import { errorText } from '../../lab/errors.ts';
import { notify } from '../../lab/store.ts';
import { Popover } from '../controls/Popover.tsx';
import { useExperiment, useLab } from '../LabContext.tsx';

type Export = keyof typeof import('../exports.ts');

/** Everything that leaves the page as a file. Its code loads on first use. */
export function ExportMenu() {
  const lab = useLab();
  const planIsMeasured = useExperiment((experiment) => !['none', 'stale'].includes(shownPlan(experiment)));
  const cameFromHuggingFace = useExperiment(({ model: { loaded } }) => loaded?.network.origin?.format === 'huggingFace');
  const scored = useExperiment((experiment) => shownFidelity(experiment).groups !== undefined);

  const run = async (name: Export, close: () => void) => {
    close();
    try {
      const exports = await import('../exports.ts');
      const warnings = await exports[name](lab.store.getState());
      for (const warning of warnings ?? []) notify(lab.store, 'info', warning);
    } catch (error) {
      notify(lab.store, 'error', `Nothing was exported: ${errorText(error)}`);
    }
  };
  return (
    <Popover button="Export" title="Export" align="right">
      {(close) => (
        <div className="menu">
          {cameFromHuggingFace ? (
            <button type="button" disabled={!planIsMeasured} onClick={() => void run('exportHuggingFaceModel', close)}>
              Pruned model <small>Hugging Face, zip</small>
            </button>
          ) : (
            <>
              <button type="button" disabled={!planIsMeasured} onClick={() => void run('exportModel', close)}>
                Pruned model <small>TensorFlow.js layers, zip</small>
              </button>
              <button type="button" disabled={!planIsMeasured} onClick={() => void run('exportOnnxModel', close)}>
                Pruned model <small>ONNX</small>
              </button>
            </>
          )}
          <button type="button" disabled={!planIsMeasured} onClick={() => void run('exportPlanFiles', close)}>
            Plan and weights <small>safetensors and JSON, zip</small>
          </button>
          <button type="button" onClick={() => void run('exportReport', close)}>
            Report <small>JSON</small>
          </button>
          <button type="button" disabled={!scored} onClick={() => void run('exportScores', close)}>
            Scores <small>CSV</small>
          </button>
          <button type="button" onClick={() => void run('exportFrontier', close)}>
            Frontier <small>CSV</small>
          </button>
          <button type="button" onClick={() => void run('exportCharts', close)}>
            Charts <small>SVG</small>
          </button>
          {!planIsMeasured && <p className="hint">The model can be exported once the plan on screen is measured.</p>}
        </div>
      )}
    </Popover>
  );
}
