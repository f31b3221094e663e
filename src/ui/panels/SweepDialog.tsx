import { useId, useState } from 'react';
import { accessWords } from '../../lab/access.ts';
import { firstTested, type Method } from '../../lab/experiment.ts';
import { whole } from '../../lab/format.ts';
import { ALLOCATION_LABELS, COMPENSATION_LABELS, methodLabel, ORDER_LABELS, SELECTION_LABELS } from '../../lab/labels.ts';
import { methodKey, methodOf } from '../../lab/method.ts';
import { combinations, distinctMethods, parseTargets, SWEEP_METHODS, SWEEP_PRESETS, SWEEP_TARGETS, targetsText, type MethodParts } from '../../lab/sweepPresets.ts';
import { pointsLeft } from '../../lab/sweepSteps.ts';
import { ALLOCATIONS, COMPENSATIONS, ORDERS } from '../../pruning/pruneRequest.ts';
import { SELECTION_RULES, SELECTIONS } from '../../pruning/selections.ts';
import { TRANSFORM_RULES, TRANSFORMS, type Transform } from '../../pruning/transforms.ts';
import { Dialog } from '../controls/Dialog.tsx';
import { useExperiment, useLab } from '../LabContext.tsx';

const NOTHING: MethodParts = { select: [], compensate: ['none'], order: ['sequential'], allocate: ['uniform'], renorm: [false] };
const NORM_LABELS = { false: 'as they are', true: 're-estimated' };

/** Picks methods and targets, and has all points measured that are not known yet. */
export function SweepDialog({ ready, onClose }: { readonly ready: boolean; readonly onClose: () => void }) {
  const lab = useLab();
  const id = useId();
  const experiment = useExperiment((state) => state);
  const [methods, setMethods] = useState<readonly Method[]>(() => distinctMethods([methodOf(experiment.request), ...SWEEP_METHODS]));
  const [parts, setParts] = useState(NOTHING);
  const [transforms, setTransforms] = useState<readonly Transform[]>([]);
  const [text, setText] = useState(targetsText(SWEEP_TARGETS));
  const targets = parseTargets(text);
  const made = combinations(parts);
  const attends = experiment.model.loaded?.network.nodes.some(({ op }) => op === 'attention') ?? false;
  const left = targets ? pointsLeft(experiment, { methods, transforms, targets }) : 0;
  const add = (more: readonly Method[]) => setMethods((before) => distinctMethods([...before, ...more]));
  const start = () => {
    onClose();
    if (targets) void lab.sweep({ methods, ...(transforms.length > 0 ? { transforms } : {}), targets });
  };
  return (
    <Dialog wide title="Measure the frontier" label="Measure the frontier" onClose={onClose}>
      <p className="hint">Every method at every target, on {whole(firstTested(experiment))} test {experiment.dataset?.text ? 'windows' : 'images'}, in the background. What is known already is kept; what is left goes on after a cancel or a reload.</p>
      <div className="builder">
        <section className="stack builder-wide" aria-label="Methods to measure">
          <h3>{methods.length} {methods.length === 1 ? 'method' : 'methods'}</h3>
          <div className="method-chips">
            {methods.map((method) => (
              <button key={methodKey(method)} type="button" aria-label={`Take out ${methodLabel(method)}`} onClick={() => setMethods((before) => before.filter((other) => other !== method))}>
                {methodLabel(method)} <span aria-hidden="true">✕</span>
              </button>
            ))}
          </div>
          <div className="row wrap">
            <span className="mute">Add</span>
            {SWEEP_PRESETS.map((preset) => (
              <button key={preset.name} type="button" className="small" onClick={() => add(preset.methods)}>
                {preset.name}
              </button>
            ))}
            <button type="button" className="small" disabled={methods.length === 0} onClick={() => setMethods([])}>
              Take all out
            </button>
          </div>
        </section>
        {attends && (
          <fieldset className="plain builder-wide">
            <legend>Otherwise than by channels</legend>
            {TRANSFORMS.map((transform) => (
              <Tick key={transform} text={TRANSFORM_RULES[transform].label} note={TRANSFORM_RULES[transform].does} title={TRANSFORM_RULES[transform].source} ticked={transforms.includes(transform)} onChange={() => setTransforms(toggled(TRANSFORMS, transforms, transform))} />
            ))}
          </fieldset>
        )}
        <details className="builder-wide">
          <summary>Combine rules with compensation, order, allocation and norms</summary>
          <div className="builder">
            <fieldset className="plain builder-wide">
              <legend>Select</legend>
              <div className="rules-ticked">
                {SELECTIONS.map((select) => (
                  <Tick key={select} text={SELECTION_LABELS[select]} note={accessWords(SELECTION_RULES[select].access, experiment.dataset?.text ? 'text' : 'pictures')} title={SELECTION_RULES[select].source} ticked={parts.select.includes(select)} onChange={() => setParts({ ...parts, select: toggled(SELECTIONS, parts.select, select) })} />
                ))}
              </div>
            </fieldset>
            <Ticks legend="Compensate" options={COMPENSATIONS} names={COMPENSATION_LABELS} ticked={parts.compensate} onChange={(compensate) => setParts({ ...parts, compensate })} />
            <Ticks legend="Order" options={ORDERS} names={ORDER_LABELS} ticked={parts.order} onChange={(order) => setParts({ ...parts, order })} />
            <Ticks legend="Allocate" options={ALLOCATIONS} names={ALLOCATION_LABELS} ticked={parts.allocate} onChange={(allocate) => setParts({ ...parts, allocate })} />
            <Ticks legend="Norms" options={['false', 'true'] as const} names={NORM_LABELS} ticked={parts.renorm.map((again) => (again ? 'true' : 'false'))} onChange={(renorm) => setParts({ ...parts, renorm: renorm.map((value) => value === 'true') })} />
          </div>
          <button type="button" className="small" disabled={made.length === 0} onClick={() => add(made)}>
            Add {made.length} {made.length === 1 ? 'combination' : 'combinations'}
          </button>
        </details>
        <div className="builder-wide">
          <div className="row">
            <label htmlFor={id}>MACs to keep, in %</label>
            <input id={id} type="text" inputMode="decimal" value={text} aria-invalid={!targets || undefined} aria-describedby={`${id}-note`} onChange={(event) => setText(event.target.value)} />
          </div>
          <p id={`${id}-note`} className="hint">{targets ? `${targets.length} ${targets.length === 1 ? 'target' : 'targets'}` : 'Numbers from 1 to 100, with commas between them.'}</p>
        </div>
      </div>
      <div className="buttons">
        <button type="button" className="pick primary" disabled={!ready || left === 0} onClick={start}>
          Measure {left} {left === 1 ? 'point' : 'points'}
        </button>
      </div>
      {!ready && <p className="hint">This can begin once the network is scored.</p>}
    </Dialog>
  );
}

interface TicksProps<T extends string> {
  readonly legend: string;
  readonly options: readonly T[];
  readonly names: Readonly<Record<T, string>>;
  readonly ticked: readonly T[];
  readonly onChange: (ticked: readonly T[]) => void;
}

function Ticks<T extends string>({ legend, options, names, ticked, onChange }: TicksProps<T>) {
  return (
    <fieldset className="plain">
      <legend>{legend}</legend>
      {options.map((option) => (
        <Tick key={option} text={names[option]} ticked={ticked.includes(option)} onChange={() => onChange(toggled(options, ticked, option))} />
      ))}
    </fieldset>
  );
}

function Tick({ text, note = '', title, ticked, onChange }: { readonly text: string; readonly note?: string; readonly title?: string; readonly ticked: boolean; readonly onChange: () => void }) {
  return (
    <label className="option" title={title}>
      <input type="checkbox" checked={ticked} onChange={onChange} />
      <span>
        {text} {note && <small>{note}</small>}
      </span>
    </label>
  );
}

/** In the order of `all`. */
function toggled<T>(all: readonly T[], ticked: readonly T[], option: T): readonly T[] {
  return all.filter((other) => (other === option) !== ticked.includes(other));
}
