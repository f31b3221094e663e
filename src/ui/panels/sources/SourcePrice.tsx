import { useMemo } from 'react';
import { percent, whole } from '../../../lab/format.ts';
import { realTwin, type RealTwin } from '../../../lab/realTwin.ts';
import { sourceLabel } from '../../../lab/sourceLabels.ts';
import { quality } from '../../../lab/yardstick.ts';
import { useExperiment, useLab } from '../../LabContext.tsx';
import './sourcePrice.css';

const FROM: Readonly<Record<RealTwin['from'], string>> = { plan: 'measured here', series: 'between plans that were measured here', precomputed: 'precomputed' };

/** What it costs to calibrate the plan on screen on something else than real pictures. */
export function SourcePrice() {
  const lab = useLab();
  const result = useExperiment((experiment) => experiment.result);
  const planKey = useExperiment((experiment) => experiment.planKey);
  const history = useExperiment((experiment) => experiment.history);
  const sweepPoints = useExperiment((experiment) => experiment.sweepPoints);
  const precomputed = useExperiment((experiment) => experiment.precomputed);
  const intact = useExperiment((experiment) => experiment.intact);
  const model = useExperiment((experiment) => experiment.model);
  const images = useExperiment((experiment) => experiment.calibration.images);
  const seed = useExperiment((experiment) => experiment.request.seed);
  const source = result?.key === planKey ? result?.settings.source : undefined;
  const twin = useMemo(() => (result && source ? realTwin({ history, sweepPoints, precomputed, intact, model }, result.settings, result.cost.macs) : undefined), [result, source, history, sweepPoints, precomputed, intact, model]);
  if (!result || !source) return null;
  const own = quality(result.evaluation);
  return (
    <span className="source-price">
      <span>
        Calibrated on {sourceLabel(source)}
        {twin ? `: ${percent(own)}, against ${percent(twin.value)} with real pictures (${FROM[twin.from]}${twin.images === undefined || twin.images === result.settings.images ? '' : `, ${whole(twin.images)} of them`}). ${priceOf(twin.value - own)}` : '. What the same plan comes to with real pictures is not measured yet.'}
      </span>
      <button type="button" className="small" onClick={() => void lab.setCalibration({ images, seed })}>
        With real pictures
      </button>
    </span>
  );
}

function priceOf(loss: number): string {
  const points = Math.abs(100 * loss).toFixed(1);
  if (points === '0.0') return 'Doing without them costs nothing.';
  return loss > 0 ? `Doing without them costs ${points} points.` : `Without them it is ${points} points better.`;
}
