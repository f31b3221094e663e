import { lazy, Suspense, useState } from 'react';
import { SOURCE_KINDS, type CalibrationSource, type SourceKind } from '../../../datasets/calibrationSource.ts';
import { drawsFrom, simplified } from '../../../datasets/sourceChoice.ts';
import { encodeSource, SHARE_LIMITS } from '../../../datasets/sourceText.ts';
import { percent, whole } from '../../../lab/format.ts';
import { sameMade } from '../../../lab/makePictures.ts';
import { SOURCE_NAMES } from '../../../datasets/sourceNames.ts';
import { SOURCE_HINTS } from '../../../lab/sourceLabels.ts';
import { Choice } from '../../controls/Choice.tsx';
import { RangeSlider } from '../../controls/RangeSlider.tsx';
import { useExperiment } from '../../LabContext.tsx';
import { MakePictures } from './MakePictures.tsx';
import './sources.css';

const SourceGallery = lazy(() => import('./SourceGallery.tsx').then((module) => ({ default: module.SourceGallery })));

const NAMES = Object.fromEntries(SOURCE_KINDS.map((kind) => [kind, capital(SOURCE_NAMES[kind])])) as Readonly<Record<SourceKind, string>>;
const USUAL_SHARE = 0.5;
/** Sets that were made here are chosen by their place in the list. */
type WhichSet = 'shipped' | `${number}`;

interface SourcePickerProps {
  readonly source: CalibrationSource;
  readonly seed: number;
  readonly onChange: (source: CalibrationSource) => void;
}

/** What calibration pictures are drawn from: one source or two mixed, with a look at what they give. */
export function SourcePicker({ source, seed, onChange }: SourcePickerProps) {
  const [looking, setLooking] = useState(false);
  const { kind, mix } = source;
  const setKind = (next: SourceKind) => onChange({ ...source, kind: next, mix: mix?.kind === next ? undefined : mix });
  const setSecond = (next: SourceKind | 'none') => onChange({ ...source, mix: next === 'none' ? undefined : { kind: next, share: mix?.share ?? USUAL_SHARE } });
  const others = SOURCE_KINDS.filter((other) => other !== kind);
  return (
    <fieldset className="plain stack sources">
      <legend>Scored and refitted on</legend>
      <Choice label="Source" options={SOURCE_KINDS} names={NAMES} value={kind} onChange={setKind} />
      <p className="hint">{SOURCE_HINTS[kind]}</p>
      <Choice<SourceKind | 'none'> label="Mixed with" options={['none', ...others]} names={{ ...NAMES, none: 'nothing' }} value={mix?.kind ?? 'none'} onChange={setSecond} />
      {mix && (
        <div className="row">
          <RangeSlider
            label={`Share of ${SOURCE_NAMES[mix.kind]}`}
            min={SHARE_LIMITS.least}
            max={SHARE_LIMITS.most}
            step={0.05}
            value={mix.share}
            valueText={`${percent(mix.share, 0)} ${SOURCE_NAMES[mix.kind]}`}
            onChange={(share) => onChange({ ...source, mix: { ...mix, share } })}
          />
          <span className="mute">{percent(mix.share, 0)}</span>
        </div>
      )}
      {drawsFrom(source, 'inversion') && <WhichPictures source={source} seed={seed} onChange={onChange} />}
      <details onToggle={(event) => setLooking(event.currentTarget.open)}>
        <summary>What it gives</summary>
        {looking && (
          <Suspense fallback={<p className="hint">Drawing pictures…</p>}>
            <SourceGallery key={`${encodeSource(source)} ${seed}`} source={simplified(source)} seed={seed} />
          </Suspense>
        )}
      </details>
    </fieldset>
  );
}

/** Of pictures from the network: those that came with it, or those that were made here. */
function WhichPictures({ source, seed, onChange }: SourcePickerProps) {
  const known = useExperiment((experiment) => experiment.model.made);
  const { made } = source;
  const sets = [...(known ?? []), ...(made && !known?.some((set) => sameMade(set, made)) ? [made] : [])];
  const names: Record<string, string> = { shipped: 'that came with it' };
  sets.forEach((set, at) => {
    names[at] = `${whole(set.count)} made here, ${whole(set.steps)} steps, seed ${set.seed}`;
  });
  const value: WhichSet = made ? `${sets.findIndex((set) => sameMade(set, made))}` : 'shipped';
  return (
    <>
      {sets.length > 0 && (
        <Choice<WhichSet>
          label="Pictures"
          options={['shipped', ...sets.map((_, at): WhichSet => `${at}`)]}
          names={names as Readonly<Record<WhichSet, string>>}
          value={value}
          onChange={(next) => onChange({ ...source, made: next === 'shipped' ? undefined : sets[Number(next)] })}
        />
      )}
      <details>
        <summary>Make pictures from the network</summary>
        <MakePictures seed={seed} onMade={(set) => onChange({ ...source, made: set })} />
      </details>
    </>
  );
}

function capital(text: string): string {
  return text[0].toUpperCase() + text.slice(1);
}
