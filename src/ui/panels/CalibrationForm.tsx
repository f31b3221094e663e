import { useId, useState, type SubmitEvent } from 'react';
import { REAL_PICTURES, type CalibrationSource } from '../../datasets/calibrationSource.ts';
import { simplified } from '../../datasets/sourceChoice.ts';
import { whole } from '../../lab/format.ts';
import { IMAGE_LIMITS } from '../../lab/fragment.ts';
import { useExperiment, useLab } from '../LabContext.tsx';
import { SourcePicker } from './sources/SourcePicker.tsx';

const WINDOW_COUNTS = [16, 32, 64, 128, 256, 512] as const;
const COUNTS = [64, 128, 256, 512, 1024, 2048, 5000] as const;

interface CalibrationFormProps {
  readonly images: number;
  readonly seed: number;
  /** Absent: the open pictures. */
  readonly source: CalibrationSource | undefined;
  readonly close: () => void;
}

/** What pictures score the network: from where, how many, and which. */
export function CalibrationForm({ images, seed, source, close }: CalibrationFormProps) {
  const lab = useLab();
  const dataset = useExperiment((experiment) => experiment.dataset);
  const ids = { images: useId(), seed: useId() };
  const [drawnFrom, setDrawnFrom] = useState<CalibrationSource>(source ?? REAL_PICTURES);
  const real = simplified(drawnFrom) === undefined;
  const most = real ? Math.min(IMAGE_LIMITS.most, dataset?.train ?? IMAGE_LIMITS.most) : IMAGE_LIMITS.most;
  const text = dataset?.text !== undefined;
  const [chosen, setChosen] = useState(String(images));
  const counts = [...new Set([...(text ? WINDOW_COUNTS : COUNTS).filter((value) => value <= most), most, images])].sort((a, b) => a - b);

  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const typed = Number(new FormData(event.currentTarget).get('seed'));
    close();
    void lab.setCalibration({ source: simplified(drawnFrom), images: Number(chosen), seed: Number.isInteger(typed) && typed >= 0 && typed <= 0xffffffff ? typed : seed });
  };
  return (
    <div className="stack">
      {!text && <SourcePicker source={drawnFrom} seed={seed} onChange={setDrawnFrom} />}
      <form className="stack" onSubmit={submit}>
        {text ? (
          <p className="hint">Scores come from what the network makes of the text, and never see what it should have foretold.</p>
        ) : !dataset?.own && (
          <p className="hint">
            {dataset ? `${dataset.name}: ${real ? `${whole(dataset.train)} training images to score with, ` : ''}${whole(dataset.test)} test images to measure with.` : 'The data is loading.'} Scores never see a
            label or a test image.
          </p>
        )}
        <div className="row">
          <label htmlFor={ids.images}>{text ? 'Windows' : real ? 'Training images' : 'How many'}</label>
          <select id={ids.images} value={chosen} onChange={(event) => setChosen(event.target.value)}>
            {counts.map((value) => (
              <option key={value} value={value}>
                {whole(value)}
              </option>
            ))}
          </select>
        </div>
        <div className="row">
          <label htmlFor={ids.seed}>Seed</label>
          <input id={ids.seed} name="seed" type="number" min={0} max={0xffffffff} step={1} defaultValue={seed} />
        </div>
        <button type="submit" className="pick primary">
          Score again
        </button>
      </form>
    </div>
  );
}
