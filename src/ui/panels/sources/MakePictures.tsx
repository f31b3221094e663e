import { useState } from 'react';
import type { MadeSet } from '../../../datasets/calibrationSource.ts';
import { MADE_LIMITS } from '../../../datasets/sourceChoice.ts';
import { JobLine } from '../../controls/JobLine.tsx';
import { NumberField } from '../../controls/NumberField.tsx';
import { useExperiment, useLab } from '../../LabContext.tsx';

const USUAL = { count: 256, steps: 200 } as const;

/** Makes pictures from the open network; they stay until another model is opened or the page is closed. */
export function MakePictures({ seed, onMade }: { readonly seed: number; readonly onMade: (made: MadeSet) => void }) {
  const lab = useLab();
  const [settings, setSettings] = useState<MadeSet>({ ...USUAL, seed });
  const job = useExperiment((experiment) => experiment.jobs.find(({ kind }) => kind === 'invert'));
  const ready = useExperiment((experiment) => experiment.engine === 'ready' && experiment.model.loaded !== undefined);
  const make = async () => {
    if (await (await lab.sources()).make(settings)) onMade(settings);
  };
  const field = (key: keyof typeof MADE_LIMITS, label: string) => (
    <div className="row">
      <span>{label}</span>
      <NumberField label={`${label} of what is made`} min={MADE_LIMITS[key].least} max={MADE_LIMITS[key].most} value={settings[key]} onChange={(value) => setSettings({ ...settings, [key]: value })} />
    </div>
  );
  return (
    <div className="stack">
      {field('count', 'Pictures')}
      {field('steps', 'Steps')}
      {field('seed', 'Seed')}
      <p className="hint">Each step is a pass through the network and back for every picture; more steps make better pictures. They are here until another model is opened or the page is closed.</p>
      {job ? (
        <JobLine job={job} />
      ) : (
        <button type="button" className="pick" disabled={!ready} onClick={() => void make()}>
          Make pictures
        </button>
      )}
    </div>
  );
}
