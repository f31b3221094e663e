import { useEffect, useMemo } from 'react';
import { shownBands } from '../../lab/bands.ts';
import { shownFidelity } from '../../lab/experiment.ts';
import { percent } from '../../lab/format.ts';
import { etaText, hifiShares, paperSentence, sharesCsv, sharesTable, sharesTitle, type HifiShare, type NamedCurve } from '../../lab/hifiShares.ts';
import { DataTable } from '../charts/DataTable.tsx';
import { SmallCurve } from '../charts/SmallCurve.tsx';
import { Dialog } from '../controls/Dialog.tsx';
import { download } from '../download.ts';
import { useExperiment, useLab } from '../LabContext.tsx';
import { EtaSlider } from './HifiLine.tsx';
import './allGroups.css';

/** Every group's fidelity curve at a glance, and the share of its channels that reaches η. */
export function AllGroupsDialog({ onClose }: { readonly onClose: () => void }) {
  const lab = useLab();
  const labels = useExperiment((experiment) => experiment.groupLabels);
  const fidelity = useExperiment((experiment) => shownFidelity(experiment).groups);
  const bands = useExperiment(shownBands);
  const scored = useExperiment((experiment) => experiment.calibration.status === 'done');
  const selected = useExperiment((experiment) => experiment.selectedGroup);
  const eta = useExperiment((experiment) => experiment.eta);

  useEffect(() => {
    if (scored) void lab.loadBands();
  }, [lab, scored]);

  const curves = useMemo((): readonly NamedCurve[] => {
    const byName = new Map(fidelity?.map((group) => [group.name, group]));
    return (labels ?? []).flatMap((stage) =>
      stage.groups.flatMap(({ name, full }) => {
        const group = byName.get(name);
        return group ? [{ name, label: full, curve: group.curves.scale, channels: group.singleton.length }] : [];
      }),
    );
  }, [labels, fidelity]);
  const shares = useMemo(() => hifiShares(curves, eta), [curves, eta]);
  const shareOf = useMemo(() => new Map(shares.map((share) => [share.name, share])), [shares]);
  const title = sharesTitle(shares, eta);
  const drawn = bands ? Object.keys(bands.groups).length : 0;

  return (
    <Dialog wide title={title} label="All groups" onClose={onClose}>
      <div className="all-groups">
        <p className="hint">
          Fidelity of the k best singletons, rescaled, as in the paper. {bands ? `Band: 200 random orders, 5–95 %${bands.status === 'running' ? `, ${drawn} of ${shares.length} groups drawn` : ''}.` : scored ? '' : 'Random subsets are drawn once the network is scored.'} {shares.length > 0 && paperSentence(shares)}
        </p>
        <div className="row">
          <EtaSlider />
          <button type="button" className="pick" disabled={shares.length === 0} onClick={() => download('hifi-shares.csv', sharesCsv(shares, eta), 'text/csv')}>
            Save as CSV
          </button>
        </div>
        {curves.length === 0 && <p className="hint">The curves appear with the first batch of calibration images.</p>}
        <ul className="small-multiples" aria-label="Fidelity curves of all groups">
          {curves.map(({ name, label, curve, channels }) => {
            const share = shareOf.get(name);
            return (
              <li key={name}>
                <button
                  type="button"
                  aria-pressed={name === selected}
                  onClick={() => {
                    lab.selectGroup(name);
                    onClose();
                  }}
                >
                  <span className="tile-head">
                    {label} <span className="mute">{share?.atEta === undefined ? '–' : percent(share.atEta / channels, 0)}</span>
                  </span>
                  <span className="sr-only">({describe(share, channels, eta)}): enlarge</span>
                  {curve.length > 0 ? <SmallCurve curve={curve} band={bands?.groups[name]} eta={eta} k={share?.atEta} /> : <span className="small-curve mute">too wide for a curve</span>}
                </button>
              </li>
            );
          })}
        </ul>
        {shares.length > 0 && (
          <>
            <h3>Channels that reach η, by group</h3>
            <DataTable caption={`${title}, by group`} table={sharesTable(shares, eta)} />
          </>
        )}
      </div>
    </Dialog>
  );
}

function describe(share: HifiShare | undefined, channels: number, eta: number): string {
  if (!share) return `${channels} channels`;
  return share.atEta === undefined ? `all ${channels} channels do not reach η = ${etaText(eta)}` : `${share.atEta} of ${channels} channels reach η = ${etaText(eta)}`;
}
