import { useId, useState, type SubmitEvent } from 'react';
import { whole } from '../../lab/format.ts';
import { IMAGE_LIMITS } from '../../lab/fragment.ts';
import { useExperiment, useLab } from '../LabContext.tsx';

const COUNTS = [64, 128, 256, 512, 1024, 2048, 5000] as const;

/** How many pictures score the network, and which. */
export function CalibrationForm({ images, seed, close }: { readonly images: number; readonly seed: number; readonly close: () => void }) {
  const lab = useLab();
  const dataset = useExperiment((experiment) => experiment.dataset);
  const ids = { images: useId(), seed: useId() };
  const most = Math.min(IMAGE_LIMITS.most, dataset?.train ?? IMAGE_LIMITS.most);
  const [chosen, setChosen] = useState(String(images));
  const counts = [...new Set([...COUNTS.filter((value) => value <= most), most, images])].sort((a, b) => a - b);

  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const typed = Number(new FormData(event.currentTarget).get('seed'));
    close();
    void lab.setCalibration({ images: Number(chosen), seed: Number.isInteger(typed) && typed >= 0 && typed <= 0xffffffff ? typed : seed });
  };
  return (
    <form className="stack" onSubmit={submit}>
      {!dataset?.own && (
        <p className="hint">
          {dataset ? `${dataset.name}: ${whole(dataset.train)} training images to score with, ${whole(dataset.test)} test images to measure with.` : 'The data is loading.'} Scores never see a
          label or a test image.
        </p>
      )}
      <div className="row">
        <label htmlFor={ids.images}>Training images</label>
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
  );
}
