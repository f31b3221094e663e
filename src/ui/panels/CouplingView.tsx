import { useMemo } from 'react';
import { coupledLayers, couplingSummary, indexRuns, ROLE_LABELS, type CoupledLayer } from '../../lab/couplingView.ts';
import { networkCoupling } from '../../lab/networkCoupling.ts';
import type { CouplingGroup } from '../../network/couplingGroup.ts';
import type { Network } from '../../network/network.ts';

interface CouplingViewProps {
  readonly network: Network;
  readonly group: CouplingGroup;
  /** Absent: what leaves with the whole group. */
  readonly channel?: number;
  /** What it is called. */
  readonly one?: string;
}

/** Everything that must leave with a channel, or with a group, lit up along the network, and why. */
export function CouplingView({ network, group, channel, one = 'channel' }: CouplingViewProps) {
  const layers = useMemo(() => coupledLayers(network, networkCoupling(network), group, channel), [network, group, channel]);
  return (
    <div className="stack">
      <p className="hint">{couplingSummary(layers)} These leave together: a layer that kept it would no longer fit the others.</p>
      <LayerMap network={network} layers={layers} />
      <table className="coupling">
        <caption>{channel === undefined ? 'What is cut with this group' : `What leaves with ${one} ${channel}`}</caption>
        <thead>
          <tr>
            <th scope="col">Layer</th>
            <th scope="col">Role</th>
            <th scope="col">{channel === undefined ? 'Channels' : one === 'channel' ? 'Its channel' : 'Its features'}</th>
            <th scope="col">Why</th>
          </tr>
        </thead>
        <tbody>
          {layers.map(({ layer, op, role, features, of, why }) => (
            <tr key={`${layer} ${role}`} data-role={role}>
              <th scope="row">
                <span className="role-mark" aria-hidden="true" />
                {layer} <small className="mute">{op}</small>
              </th>
              <td>{ROLE_LABELS[role]}</td>
              <td>
                {indexRuns(features)} <span className="mute">of {of}</span>
              </td>
              <td>{why}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** One cell a layer, in execution order, those of the coupling lit up; the table below says the same in words. */
function LayerMap({ network, layers }: { readonly network: Network; readonly layers: readonly CoupledLayer[] }) {
  const roles = new Map(layers.map(({ layer, role }) => [layer, role]));
  return (
    <div className="layer-map" aria-hidden="true">
      {network.nodes.map(({ id, op }) => (
        <span key={id} data-role={roles.get(id)} title={`${id} (${op})`} />
      ))}
    </div>
  );
}
