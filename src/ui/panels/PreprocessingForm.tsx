import { useId, useState, type SubmitEvent } from 'react';
import { CHANNEL_ORDERS, FITS, numbers, PRESETS, samePreprocessing, type ChannelOrder, type Fit, type Preprocessing } from '../../datasets/preprocessing.ts';
import { Choice } from '../controls/Choice.tsx';
import { useExperiment, useLab } from '../LabContext.tsx';

const PRESET_NAMES = {
  pixels: 'pixels, 0 to 255',
  unit: '0 to 1',
  symmetric: '−1 to 1',
  imagenet: '0 to 1, ImageNet mean and deviation',
  caffe: 'BGR less the ImageNet mean',
  own: 'as set below',
} as const;
type PresetName = keyof typeof PRESET_NAMES;
const PRESET_OPTIONS = Object.keys(PRESET_NAMES) as PresetName[];
const FIT_NAMES: Readonly<Record<Fit, string>> = { crop: 'shorter side, then the centre', stretch: 'stretched' };
const ORDER_NAMES: Readonly<Record<ChannelOrder, string>> = { RGB: 'red first (RGB)', BGR: 'blue first (BGR)' };

interface Typed {
  readonly fit: Fit;
  readonly order: ChannelOrder;
  readonly scale: string;
  readonly mean: string;
  readonly deviation: string;
}

/** What pictures go through before the network gets them. */
export function PreprocessingForm() {
  const lab = useLab();
  const preprocessing = useExperiment((experiment) => experiment.preprocessing);
  const [typed, setTyped] = useState<Typed>(() => written(preprocessing));
  const read = parsed(typed);
  const ids = { scale: useId(), mean: useId(), deviation: useId() };
  const preset = PRESET_OPTIONS.find((name) => name !== 'own' && samePreprocessing({ ...PRESETS[name], fit: typed.fit }, { ...AS_NUMBERS, ...read })) ?? 'own';
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const { scale, mean, deviation } = read;
    if (scale !== undefined && mean && deviation) void lab.setPreprocessing({ fit: typed.fit, order: typed.order, scale, mean, deviation });
  };
  const field = (key: 'scale' | 'mean' | 'deviation', label: string) => (
    <div className="row">
      <label htmlFor={ids[key]}>{label}</label>
      <input id={ids[key]} type="text" inputMode="decimal" value={typed[key]} aria-invalid={read[key] === undefined} onChange={(event) => setTyped({ ...typed, [key]: event.target.value })} />
    </div>
  );
  const bad = Object.entries(read).filter(([, value]) => value === undefined);
  return (
    <form onSubmit={submit}>
      <Choice
        label="Values"
        options={PRESET_OPTIONS}
        names={PRESET_NAMES}
        value={preset}
        onChange={(name) => name !== 'own' && setTyped({ ...written(PRESETS[name]), fit: typed.fit })}
      />
      {field('scale', 'Scale')}
      {field('mean', 'Mean')}
      {field('deviation', 'Deviation')}
      <Choice label="Channels" options={CHANNEL_ORDERS} names={ORDER_NAMES} value={typed.order} onChange={(order) => setTyped({ ...typed, order })} />
      <Choice label="Size" options={FITS} names={FIT_NAMES} value={typed.fit} onChange={(fit) => setTyped({ ...typed, fit })} />
      <p className="hint">(scale · pixel − mean) / deviation, one number or one for each channel in the order in which they are fed.</p>
      {bad.length > 0 && <p className="hint" role="alert">{bad.map(([name]) => name).join(', ')}: one to four numbers with commas between; scale and deviation above zero.</p>}
      <button type="submit" className="pick" disabled={bad.length > 0}>
        Apply
      </button>
    </form>
  );
}

const AS_NUMBERS = { scale: Number.NaN, mean: [Number.NaN], deviation: [Number.NaN] };

function written({ fit, order, scale, mean, deviation }: Preprocessing): Typed {
  const inverse = 1 / scale;
  const whole = scale < 1 && Math.abs(inverse - Math.round(inverse * 2) / 2) < 1e-6;
  return { fit, order, scale: whole ? `1/${Math.round(inverse * 2) / 2}` : String(scale), mean: mean.join(', '), deviation: deviation.join(', ') };
}

function parsed({ scale, mean, deviation, order, fit }: Typed): { readonly fit: Fit; readonly order: ChannelOrder; readonly scale?: number; readonly mean?: readonly number[]; readonly deviation?: readonly number[] } {
  const [over, under = '1', ...more] = scale.split('/');
  const [top, bottom] = [numbers(over, 1e-6), numbers(under, 1e-6)];
  const one = top?.length === 1 && bottom?.length === 1 && more.length === 0 ? top[0] / bottom[0] : undefined;
  return { fit, order, scale: one, mean: numbers(mean, -1e6), deviation: numbers(deviation, 1e-6) };
}
