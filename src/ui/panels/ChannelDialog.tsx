import { useEffect, useMemo, useState } from 'react';
import { channelFilters, excitingNode } from '../../lab/channelView.ts';
import { errorText, isCancelled } from '../../lab/errors.ts';
import { shownFidelity, shownGroups } from '../../lab/experiment.ts';
import { stageLabels } from '../../lab/labels.ts';
import type { ExcitingPicture } from '../../workers/protocol.ts';
import { HeatMap } from '../charts/HeatMap.tsx';
import { Dialog } from '../controls/Dialog.tsx';
import { PixelPicture } from '../controls/PixelPicture.tsx';
import { useExperiment, useLab } from '../LabContext.tsx';

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
  const score = useExperiment((experiment) => shownFidelity(experiment).groups?.find((group) => group.name === name)?.singleton[channel]);
  const kept = useExperiment((experiment) => experiment.keep?.[name]?.includes(channel) ?? true);
  const pinned = useExperiment((experiment) => experiment.pins[name]?.[channel] !== undefined);
  const group = groups.find((candidate) => candidate.name === name);
  const [producer, setProducer] = useState(group?.producers[0]);
  if (!group) return null;

  const label = stageLabels(groups.filter(({ frozen }) => frozen === undefined), loaded?.nodes).flatMap((stage) => stage.groups).find((entry) => entry.name === name)?.full ?? name;
  const go = (step: number) => onChannel(name, (channel + step + group.channels) % group.channels);
  return (
    <Dialog wide title={`${label}: channel ${channel} of ${group.channels}`} label={`Channel ${channel} of ${label}`} onClose={onClose}>
      <div className="row">
        <span>
          {score !== undefined && `Fidelity ${score.toFixed(4)} · `}
          {kept ? 'kept' : 'cut'}
          {pinned && ' by hand'}
        </span>
        <span className="buttons">
          <button type="button" className="pick" onClick={() => go(-1)}>
            Previous
          </button>
          <button type="button" className="pick" onClick={() => go(1)}>
            Next
          </button>
          <button type="button" className="pick" onClick={() => lab.toggleChannel(name, channel)}>
            {pinned ? 'Leave it to the scores' : kept ? 'Cut it' : 'Keep it'}
          </button>
        </span>
      </div>
      <h3>Its filters</h3>
      {group.producers.length > 1 && (
        <label className="row">
          Layer
          <select value={producer} onChange={(event) => setProducer(event.target.value)}>
            {group.producers.map((id) => (
              <option key={id}>{id}</option>
            ))}
          </select>
        </label>
      )}
      <Filters producer={producer ?? group.producers[0]} channel={channel} />
      <h3>The test images that excite it most</h3>
      <Exciting key={`${name} ${channel}`} node={excitingNode(group, loaded?.nodes ?? [])} channel={channel} />
    </Dialog>
  );
}

function Filters({ producer, channel }: { readonly producer: string; readonly channel: number }) {
  const network = useExperiment((experiment) => experiment.model.loaded?.network);
  const filters = useMemo(() => network && channelFilters(network, producer, channel), [network, producer, channel]);
  if (!filters) return <p className="hint">The model is still loading.</p>;
  const { rows, columns, maps } = filters;
  const greatest = Math.max(...maps.flat().map(Math.abs));
  return (
    <>
      <p className="hint">
        {producer}: {rows} × {columns} weights for each of {filters.inputs} inputs{maps.length < filters.inputs && `, the ${maps.length} strongest`}. Orange adds, blue takes away; full colour is{' '}
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
          <PixelPicture picture={picture} label={`Test image ${picture.index}, ${classes?.[picture.label] ?? picture.label}`} />
          <small>
            {classes?.[picture.label] ?? picture.label} {picture.activation.toFixed(1)}
          </small>
        </li>
      ))}
    </ul>
  );
}
