import { useEffect, useState } from 'react';
import { errorText, isCancelled } from '../../../lab/errors.ts';
import { listed } from '../../../lab/unlearning/classNames.ts';
import type { ForgettingReport, RemovedChannels } from '../../../unlearning/forgettingReport.ts';
import type { ExcitingPicture } from '../../../workers/protocol.ts';
import { PixelPicture } from '../../controls/PixelPicture.tsx';
import { useLab } from '../../LabContext.tsx';
import { useClassNames } from './useClassNames.ts';

const MOST_CHANNELS = 8;
const PICTURES = 8;

/** The channels that left, layer by layer, with the pictures that excite the chosen one most. */
export function ChannelsCard({ report }: { readonly report: ForgettingReport }) {
  const names = useClassNames();
  const { removed } = report;
  const [chosen, setChosen] = useState({ layer: removed.length - 1, place: 0 });
  const layer = removed.at(chosen.layer);
  const channel = layer?.channels.at(chosen.place);
  const total = removed.reduce((sum, { channels }) => sum + channels.length, 0);
  return (
    <section className="panel chart-card" aria-label="The channels that carried it">
      <div className="chart-head">
        <h2>
          {total} {total === 1 ? 'channel' : 'channels'} in {removed.length} {removed.length === 1 ? 'layer' : 'layers'} carried {listed(report.settings.classes, names)}
        </h2>
      </div>
      <div className="subtitle">Fidelity of each for the class, and for the rest; the first to leave comes first.</div>
      <div className="table-view removed">
        <table>
          <caption className="sr-only">Channels that left</caption>
          <thead>
            <tr>
              <th scope="col">layer, channel</th>
              <th scope="col">class</th>
              <th scope="col">rest</th>
            </tr>
          </thead>
          <tbody>
            {removed.flatMap((own, at) => own.channels.slice(0, MOST_CHANNELS).map((one, place) => (
              <tr key={`${own.layer} ${one.channel}`}>
                <th scope="row">
                  <button type="button" className="link" aria-pressed={at === chosen.layer && place === chosen.place} onClick={() => setChosen({ layer: at, place })}>
                    {own.layer}, {one.channel}
                  </button>
                </th>
                <td>{one.forget.toFixed(3)}</td>
                <td>{one.retain.toFixed(3)}</td>
              </tr>
            )))}
          </tbody>
        </table>
      </div>
      {layer && channel && <Exciting key={`${layer.node} ${channel.feature}`} layer={layer} channel={channel} />}
    </section>
  );
}

function Exciting({ layer, channel }: { readonly layer: RemovedChannels; readonly channel: RemovedChannels['channels'][number] }) {
  const lab = useLab();
  const names = useClassNames();
  const { node } = layer;
  const { feature } = channel;
  const [found, setFound] = useState<readonly ExcitingPicture[] | string>();
  useEffect(() => {
    let gone = false;
    lab.exciting(node, feature, PICTURES).then(
      (pictures) => !gone && setFound(pictures),
      (error: unknown) => !gone && !isCancelled(error) && setFound(`They could not be found: ${errorText(error)}`),
    );
    return () => {
      gone = true;
    };
  }, [lab, node, feature]);
  return (
    <>
      <p className="hint">
        Test images that excite channel {channel.channel} of what “{layer.layer}” reads most, in the intact network{typeof found === 'string' ? `. ${found}` : found ? ':' : ' … looking'}
      </p>
      {Array.isArray(found) && (
        <ul className="pictures">
          {(found as readonly ExcitingPicture[]).map((picture) => {
            const shows = picture.label === undefined ? '' : (names[picture.label] ?? '');
            return (
              <li key={picture.index}>
                <PixelPicture picture={picture} label={[`Test image ${picture.index}`, shows].filter(Boolean).join(', ')} />
                <small>{shows}</small>
              </li>
            );
          })}
        </ul>
      )}
    </>
  );
}
