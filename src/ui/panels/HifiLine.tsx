import { ETA_LIMITS, etaText } from '../../lab/hifiShares.ts';
import type { Reach } from '../../lab/searchCurves.ts';
import { CURVE_STYLES } from '../charts/curveStyles.ts';
import { Popover } from '../controls/Popover.tsx';
import { RangeSlider } from '../controls/RangeSlider.tsx';
import { useExperiment, useLab } from '../LabContext.tsx';
import { useHifiSet } from './useHifiSet.ts';

/** The η of HiFi sets, how many channels each search needs for it, and which the request takes. */
export function HifiLine({ group, label, reached }: { readonly group: string; readonly label: string; readonly reached: readonly Reach[] }) {
  const eta = useExperiment((experiment) => experiment.eta);
  return (
    <div className="hifi-line">
      <EtaSlider />
      <ul aria-label={`Channels that reach η = ${etaText(eta)}`}>
        {reached.map(({ key, short, k }) => (
          <li key={key}>
            <svg className="key" width={16} height={8} aria-hidden="true">
              <line x1={0} x2={16} y1={4} y2={4} stroke={CURVE_STYLES[key].colour} strokeWidth={CURVE_STYLES[key].width} strokeDasharray={CURVE_STYLES[key].dashes} />
            </svg>
            {short} <b>{k ?? '–'}</b>
          </li>
        ))}
      </ul>
      <HifiSet group={group} label={label} />
    </div>
  );
}

export function EtaSlider() {
  const lab = useLab();
  const eta = useExperiment((experiment) => experiment.eta);
  return (
    <span className="eta">
      <b>η = {etaText(eta)}</b>
      <RangeSlider label="η of the HiFi sets" min={ETA_LIMITS.least} max={ETA_LIMITS.most} step={0.01} value={eta} valueText={`η = ${etaText(eta)}`} onChange={(next) => lab.setEta(next)} />
    </span>
  );
}

function HifiSet({ group, label }: { readonly group: string; readonly label: string }) {
  const lab = useLab();
  const eta = useExperiment((experiment) => experiment.eta);
  const members = useHifiSet(group);
  if (!members) return null;
  return (
    <Popover title={`HiFi set of ${label}`} button="HiFi set" align="right">
      {(close) => (
        <div className="stack">
          <p className="hint">
            The ({members.length}, {etaText(eta)})-HiFi set of {label} as the request ranks its channels, best first. The strip marks it with a bar above.
          </p>
          <p className="channels">{members.join(', ')}</p>
          <button
            type="button"
            className="pick"
            onClick={() => {
              close();
              lab.setWidth(group, members.length, true);
            }}
          >
            Keep {members.length === 1 ? 'this channel' : `these ${members.length} channels`}
          </button>
        </div>
      )}
    </Popover>
  );
}
