import { memo, useCallback, useMemo, useState } from 'react';
import type { GroupLabel } from '../../lab/groupLabel.ts';
import { groupRuleLabel } from '../../lab/rules.ts';
import type { CouplingGroup } from '../../network/couplingGroup.ts';
import { pinnedCount } from '../../lab/pins.ts';
import type { Pins } from '../../pruning/pruneRequest.ts';
import type { GroupRule } from '../../pruning/widthRules.ts';
import { ChannelStrip } from '../charts/ChannelStrip.tsx';
import type { StripCell } from '../charts/drawStrip.ts';
import { useLab } from '../LabContext.tsx';
import { GroupRules } from './GroupRules.tsx';
import { useHifiSet } from './useHifiSet.ts';

interface GroupRowProps {
  readonly label: GroupLabel;
  readonly group: CouplingGroup;
  /** What the channels are ordered by; absent while it is not known. */
  readonly scores?: ArrayLike<number>;
  readonly fidelity?: readonly number[];
  readonly kept?: readonly number[];
  readonly pins?: Pins[string];
  /** What holds for it instead of the budget. */
  readonly rule?: GroupRule;
  readonly selected: boolean;
  readonly onOpen: (group: string, channel: number) => void;
  readonly onCoupling: (group: CouplingGroup, label: string) => void;
}

export const GroupRow = memo(function GroupRow({ label, group, scores, fidelity, kept, pins, rule, selected, onOpen, onCoupling }: GroupRowProps) {
  const lab = useLab();
  const { name, channels } = group;
  const { one, many } = label.unit;
  const [active, setActive] = useState<number>();
  const order = useMemo(() => channelOrder(channels, scores), [channels, scores]);
  const hifi = useHifiSet(selected ? name : undefined);
  const cells = useMemo(() => stripCells(order, fidelity, kept, pins, hifi), [order, fidelity, kept, pins, hifi]);
  const toggle = useCallback(
    (channel: number) => {
      lab.selectGroup(name);
      lab.toggleChannel(name, channel);
    },
    [lab, name],
  );
  const open = useCallback((channel: number) => onOpen(name, channel), [onOpen, name]);
  const width = kept?.length ?? channels;
  const byHand = pins ? pinnedCount({ [name]: pins }) : 0;
  const handText = `${byHand} by hand`;
  const at = active === undefined ? undefined : cells[active];

  return (
    <div className={selected ? 'group on' : 'group'}>
      <div className="group-head">
        <button type="button" className="group-name" aria-pressed={selected} aria-label={`${label.full}, ${width} of ${channels} ${many} kept`} title={name} onClick={() => lab.selectGroup(name)}>
          {label.short}
        </button>
        {rule && (
          <button type="button" className="small" aria-label={`${groupRuleLabel(rule)}: give ${label.full} back to the budget`} onClick={() => lab.setGroupRule(name, undefined)}>
            {groupRuleLabel(rule)} <span aria-hidden="true">✕</span>
          </button>
        )}
        {byHand > 0 && (
          <button type="button" className="small" aria-label={`${handText}: reset ${label.full}`} onClick={() => lab.resetPins(name)}>
            {handText} <span aria-hidden="true">✕</span>
          </button>
        )}
        <span className="mute">
          {width} of {channels}
        </span>
      </div>
      <ChannelStrip label={`${capital(many)} of ${label.full}, best first, ${width} of ${channels} kept`} one={capital(one)} cells={cells} active={active} onActive={setActive} onToggle={toggle} onOpen={open} />
      {selected && (
        <p className="group-foot">
          {at ? `${capital(one)} ${at.channel} · ${describe(at, fidelity)}` : rule?.kind === 'protect' ? `All of its ${many} stay` : `A click keeps or cuts a ${one}`}
          <button type="button" className="link" onClick={() => open((at ?? cells[0]).channel)}>
            Look inside
          </button>
        </p>
      )}
      {selected && (
        <div className="group-tools">
          <GroupRules group={name} label={label.full} channels={channels} rule={rule} width={width} />
          <button type="button" className="link" aria-label={`Layers tied together by ${label.full}`} title={together(group)} onClick={() => onCoupling(group, label.full)}>
            Layers
          </button>
        </div>
      )}
    </div>
  );
});

function capital(text: string): string {
  return text[0].toUpperCase() + text.slice(1);
}

function together({ producers, passThroughs, consumers }: CouplingGroup): string {
  return `Made by ${producers.length}, passed on by ${passThroughs.length}, read by ${consumers.length}`;
}

function describe({ channel, kept, pinned }: StripCell, fidelity: readonly number[] | undefined): string {
  const score = fidelity?.[channel];
  return `${score === undefined ? '' : `fidelity ${score.toFixed(3)} · `}${kept ? 'kept' : 'cut'}${pinned ? ' by hand' : ''}`;
}

function channelOrder(channels: number, scores: ArrayLike<number> | undefined): readonly number[] {
  const order = Array.from({ length: channels }, (_, channel) => channel);
  return scores ? order.sort((a, b) => scores[b] - scores[a] || a - b) : order;
}

function stripCells(order: readonly number[], fidelity: readonly number[] | undefined, kept: readonly number[] | undefined, pins: Pins[string] | undefined, hifi: readonly number[] = []): readonly StripCell[] {
  const marked = new Set(hifi);
  const keptSet = new Set(kept ?? order);
  const greatest = Math.max(1e-12, ...(fidelity ?? []));
  return order.map((channel) => ({
    channel,
    strength: fidelity ? Math.max(0, fidelity[channel] / greatest) : Number.NaN,
    kept: keptSet.has(channel),
    pinned: pins?.[channel] !== undefined,
    hifi: marked.has(channel),
  }));
}
