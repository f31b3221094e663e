import { lazy, Suspense, useEffect, useMemo, useState } from 'react';
import { channelFilters, excitingFeature } from '../../lab/channelView.ts';
import { coupledLayers, type CoupledLayer } from '../../lab/couplingView.ts';
import { errorText, isCancelled } from '../../lab/errors.ts';
import { shownFidelity, shownGroups } from '../../lab/experiment.ts';
import { labelOf } from '../../lab/groupLabel.ts';
import { networkCoupling } from '../../lab/networkCoupling.ts';
import { groupRuleOf } from '../../lab/rules.ts';
import type { CouplingGroup } from '../../network/couplingGroup.ts';
import type { Network } from '../../network/network.ts';
import type { ExcitingPicture } from '../../workers/protocol.ts';
import { HeatMap } from '../charts/HeatMap.tsx';
import { Dialog } from '../controls/Dialog.tsx';
import { PixelPicture } from '../controls/PixelPicture.tsx';
import { useExperiment, useLab } from '../LabContext.tsx';
import { CouplingView } from './CouplingView.tsx';

const ExcitingTexts = lazy(() => import('./language/ExcitingTexts.tsx').then((module) => ({ default: module.ExcitingTexts })));

interface ChannelDialogProps {
  readonly group: string;
  readonly channel: number;
  readonly onClose: () => void;
  readonly onChannel: (group: string, channel: number) => void;
}

export function ChannelDialog({ group: name, channel, onClose, onChannel }: ChannelDialogProps) {
  const lab = useLab();
  const groups = useExperiment(shownGroups);
  const loaded = useExperiment((experiment) => experiment.model.loaded);
  const labels = useExperiment((experiment) => experiment.groupLabels);
  const score = useExperiment((experiment) => shownFidelity(experiment).groups?.find((group) => group.name === name)?.singleton[channel]);
  const kept = useExperiment((experiment) => experiment.keep?.[name]?.includes(channel) ?? true);
  const pinned = useExperiment((experiment) => experiment.pins[name]?.[channel] !== undefined);
  const isProtected = useExperiment((experiment) => groupRuleOf(experiment.request.rules, name)?.kind === 'protect');
  const group = groups.find((candidate) => candidate.name === name);
  if (!group) return null;

  const { full: label, unit: { one } } = labelOf(labels, name);
  const go = (step: number) => onChannel(name, (channel + step + group.channels) % group.channels);
  return (
    <Dialog wide title={`${label}: ${one} ${channel} of ${group.channels}`} label={`${one[0].toUpperCase()}${one.slice(1)} ${channel} of ${label}`} onClose={onClose}>
      <div className="row">
        <span>
          {score !== undefined && `Fidelity ${score.toFixed(4)} · `}
          {kept ? 'kept' : 'cut'}
          {pinned && ' by hand'}
          {isProtected && ', the whole group is protected'}
        </span>
        <span className="buttons">
          <button type="button" className="pick" onClick={() => go(-1)}>
            Previous
          </button>
          <button type="button" className="pick" onClick={() => go(1)}>
            Next
          </button>
          <button type="button" className="pick" disabled={isProtected} onClick={() => lab.toggleChannel(name, channel)}>
            {pinned ? 'Leave it to the scores' : kept ? 'Cut it' : 'Keep it'}
          </button>
        </span>
      </div>
      {loaded ? <Inside network={loaded.network} group={group} channel={channel} one={one} /> : <p className="hint">The model is still loading.</p>}
    </Dialog>
  );
}

function Inside({ network, group, channel, one }: { readonly network: Network; readonly group: CouplingGroup; readonly channel: number; readonly one: string }) {
  const coupled = useMemo(() => coupledLayers(network, networkCoupling(network), group, channel), [network, group, channel]);
  const makers = useMemo(() => coupled.filter(({ role }) => role === 'makes'), [coupled]);
  const excited = excitingFeature(coupled);
  const text = useExperiment(({ dataset }) => dataset?.text !== undefined);
  return (
    <>
      <h3>What leaves with it</h3>
      <CouplingView network={network} group={group} channel={channel} one={one} />
      <h3>{text ? 'Its weights' : 'Its filters'}</h3>
      <Filters network={network} makers={makers} />
      <h3>{text ? 'The tokens that excite it most' : 'The test images that excite it most'}</h3>
      {excited && text && (
        <Suspense>
          <ExcitingTexts key={`${group.name} ${channel}`} node={excited.node} channel={excited.feature} />
        </Suspense>
      )}
      {excited && !text && <Exciting key={`${group.name} ${channel}`} node={excited.node} channel={excited.feature} />}
    </>
  );
}

function Filters({ network, makers }: { readonly network: Network; readonly makers: readonly CoupledLayer[] }) {
  const outputs = useMemo(
    () => makers.flatMap(({ layer, features }) => features.map((feature) => ({ layer, feature, name: features.length > 1 ? `${layer}, output ${feature}` : layer }))),
    [makers],
  );
  const [chosen, setChosen] = useState<string>();
  const output = outputs.find(({ name }) => name === chosen) ?? outputs[0];
  const filters = useMemo(() => output && channelFilters(network, output.layer, output.feature), [network, output]);
  if (!output || !filters) return <p className="hint">No layer with filters makes it.</p>;
  const { rows, columns, maps } = filters;
  const greatest = Math.max(...maps.flat().map(Math.abs));
  return (
    <>
      {outputs.length > 1 && (
        <label className="row">
          Layer
          <select value={output.name} onChange={(event) => setChosen(event.target.value)}>
            {outputs.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      )}
      <p className="hint">
        {output.name}: {rows} × {columns} weights for each of {filters.inputs} inputs{maps.length < filters.inputs && `, the ${maps.length} strongest`}. Orange adds, blue takes away; full colour is{' '}
        {greatest.toPrecision(2)}.
      </p>
      <div className="heats">
        {maps.map((values, i) => (
          <HeatMap key={filters.order[i]} values={values} rows={rows} columns={columns} greatest={greatest} label={`Weights for input ${filters.order[i]}`} />
        ))}
      </div>
    </>
  );
}

function Exciting({ node, channel }: { readonly node: string; readonly channel: number }) {
  const lab = useLab();
  const loaded = useExperiment((experiment) => experiment.model.loaded !== undefined);
  const classes = useExperiment((experiment) => experiment.dataset?.classes);
  const className = ({ label }: ExcitingPicture) => (label === undefined ? '' : (classes?.[label] ?? String(label)));
  const [found, setFound] = useState<readonly ExcitingPicture[] | string>();
  useEffect(() => {
    let gone = false;
    if (loaded) {
      lab.exciting(node, channel, 12).then(
        (pictures) => !gone && setFound(pictures),
        (error: unknown) => !gone && !isCancelled(error) && setFound(`They could not be found: ${errorText(error)}`),
      );
    }
    return () => {
      gone = true;
    };
  }, [lab, loaded, node, channel]);
  if (typeof found === 'string') return <p className="hint">{found}</p>;
  if (!found) return <p className="hint">{loaded ? 'Looking through the test images…' : 'The model is still loading.'}</p>;
  return (
    <ul className="pictures">
      {found.map((picture) => (
        <li key={picture.index}>
          <PixelPicture picture={picture} label={[`Test image ${picture.index}`, className(picture)].filter(Boolean).join(', ')} />
          <small>
            {className(picture)} {picture.activation.toFixed(1)}
          </small>
        </li>
      ))}
    </ul>
  );
}
