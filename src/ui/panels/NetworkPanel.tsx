import { lazy, Suspense, useCallback, useMemo, useState } from 'react';
import { shownFidelity, shownGroups } from '../../lab/experiment.ts';
import { count } from '../../lab/format.ts';
import { labelOf } from '../../lab/groupLabel.ts';
import { pinnedCount } from '../../lab/pins.ts';
import { intactCost } from '../../lab/planCost.ts';
import { rankedByWorkers } from '../../lab/rankings.ts';
import { groupRuleOf } from '../../lab/rules.ts';
import type { CouplingGroup } from '../../network/couplingGroup.ts';
import { prunableGroups } from '../../pruning/keepSets.ts';
import { Boundary } from '../controls/Boundary.tsx';
import { useExperiment, useLab } from '../LabContext.tsx';
import { GroupRow } from './GroupRow.tsx';
import { PrecomputedMark } from './PrecomputedMark.tsx';

const CouplingDialog = lazy(() => import('./CouplingDialog.tsx').then((module) => ({ default: module.CouplingDialog })));
const ChannelDialog = lazy(() => import('./ChannelDialog.tsx').then((module) => ({ default: module.ChannelDialog })));

export function NetworkPanel() {
  const lab = useLab();
  const groups = useExperiment(shownGroups);
  const labels = useExperiment((experiment) => experiment.groupLabels);
  const fidelity = useExperiment((experiment) => shownFidelity(experiment).groups);
  const request = useExperiment((experiment) => experiment.request);
  const keep = useExperiment((experiment) => experiment.keep);
  const pins = useExperiment((experiment) => experiment.pins);
  const selected = useExperiment((experiment) => experiment.selectedGroup);
  const intact = useExperiment((experiment) => intactCost(experiment)?.params);
  const left = useExperiment((experiment) => experiment.cost?.params);
  const [open, setOpen] = useState<{ readonly group: string; readonly channel: number }>();
  const openChannel = useCallback((group: string, channel: number) => setOpen({ group, channel }), []);
  const [coupled, setCoupled] = useState<{ readonly group: CouplingGroup; readonly label: string }>();
  const openCoupling = useCallback((group: CouplingGroup, label: string) => setCoupled({ group, label }), []);

  const prunable = useMemo(() => prunableGroups(groups), [groups]);
  const stages = useMemo(() => labels ?? [{ title: '', groups: prunable.map(({ name }) => labelOf(undefined, name)) }], [prunable, labels]);
  const { rules } = request;
  const ranked = useExperiment((experiment) => rankedByWorkers(experiment, experiment.request));
  const scores = useMemo(() => new Map(ranked?.map((ranking) => [ranking.name, ranking.scores])), [ranked]);
  const singleton = useMemo(() => new Map(fidelity?.map((group) => [group.name, group.singleton])), [fidelity]);
  const byName = new Map(prunable.map((group) => [group.name, group]));
  const whole = groups.filter(({ frozen }) => frozen !== undefined);

  return (
    <section className="panel network" aria-label="Network">
      <h2 className="panel-head">
        Network <span>{intact !== undefined && left !== undefined && `${count(left)} of ${count(intact)} parameters`}</span>
      </h2>
      <PrecomputedMark />
      <div className="scroll">
        {groups.length === 0 && <Skeleton />}
        {stages.map((stage) => (
          <div key={stage.title}>
            {stage.title && <h3 className="stage">{stage.title}</h3>}
            {stage.groups.map((label) => {
              const group = byName.get(label.name);
              return (
                group && (
                  <GroupRow
                    key={label.name}
                    label={label}
                    group={group}
                    scores={scores.get(label.name) ?? singleton.get(label.name)}
                    fidelity={singleton.get(label.name)}
                    kept={keep?.[label.name]}
                    pins={pins[label.name]}
                    rule={groupRuleOf(rules, label.name)}
                    selected={label.name === selected}
                    onOpen={openChannel}
                    onCoupling={openCoupling}
                  />
                )
              );
            })}
          </div>
        ))}
        {groups.length > 0 && prunable.length === 0 && <p>Nothing in this network can be cut. Each of its groups must stay whole, for the reason that stands beside it.</p>}
        {whole.length > 0 && (
          <details className="whole" open={prunable.length === 0 || undefined}>
            <summary>Kept whole: {whole.length}</summary>
            <ul>
              {whole.map((group) => (
                <li key={group.name}>
                  <button type="button" className="link" aria-label={`Coupling of ${group.name}`} onClick={() => openCoupling(group, group.name)}>
                    {group.name}
                  </button>{' '}
                  ({group.channels} {group.channels === 1 ? 'channel' : 'channels'}): {group.frozen}
                </li>
              ))}
            </ul>
          </details>
        )}
      </div>
      {pinnedCount(pins) > 0 && (
        <button type="button" className="pick" onClick={() => lab.resetPins()}>
          {pinnedCount(pins) === 1 ? 'Reset the channel set by hand' : `Reset all ${pinnedCount(pins)} channels set by hand`}
        </button>
      )}
      {coupled && (
        <Boundary what="The coupling"><Suspense>
          <CouplingDialog {...coupled} onClose={() => setCoupled(undefined)} />
        </Suspense></Boundary>
      )}
      {open && (
        <Boundary what="The channel"><Suspense>
          <ChannelDialog {...open} onClose={() => setOpen(undefined)} onChannel={openChannel} />
        </Suspense></Boundary>
      )}
    </section>
  );
}

function Skeleton() {
  return (
    <div className="skeleton" aria-hidden="true">
      {Array.from({ length: 9 }, (_, i) => (
        <span key={i} />
      ))}
    </div>
  );
}
