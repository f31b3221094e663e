import type { CouplingGroup } from '../network/couplingGroup.ts';
import { FrozenGroupError, UnknownGroupError } from '../network/pruneErrors.ts';
import type { GroupRule, WidthRules } from '../pruning/widthRules.ts';
import type { RuleOptions } from './options.ts';

/** Two rules of one group that cannot both hold. */
export class RuleConflictError extends Error {
  override readonly name = 'RuleConflictError';
  constructor(group: string) {
    super(`Group "${group}" has more than one rule. Give it one of --protect, --set and --at-least.`);
  }
}

/** A rule asks for more channels than there are. */
export class RuleWidthError extends Error {
  override readonly name = 'RuleWidthError';
  constructor(group: string, asked: number, channels: number) {
    super(`Group "${group}" has ${channels} channels and cannot keep ${asked}.`);
  }
}

/**
 * The rules that were typed, for the groups of one network. A group may be named by any layer that makes its
 * channels.
 *
 * @throws UnknownGroupError, FrozenGroupError, RuleConflictError or RuleWidthError
 */
export function widthRules(groups: readonly CouplingGroup[], { protect, multiple, floor, set, atLeast }: RuleOptions): WidthRules {
  const rules = new Map<string, GroupRule>();
  const add = ({ name }: CouplingGroup, rule: GroupRule) => {
    const before = rules.get(name);
    if (before && !(before.kind === 'protect' && rule.kind === 'protect')) throw new RuleConflictError(name);
    rules.set(name, rule);
  };
  for (const name of protect) {
    const group = groupNamed(groups, name);
    // one that must stay whole is protected already
    if (group.frozen === undefined) add(group, { kind: 'protect' });
  }
  for (const [kind, asked] of [['width', set], ['atLeast', atLeast]] as const) {
    for (const { group: name, channels } of asked) {
      const group = groupNamed(groups, name);
      if (channels > group.channels) throw new RuleWidthError(group.name, channels, group.channels);
      if (group.frozen !== undefined) throw new FrozenGroupError(group.name, group.frozen);
      add(group, { kind, channels });
    }
  }
  return { multiple, floor, groups: Object.fromEntries(rules) };
}

function groupNamed(groups: readonly CouplingGroup[], name: string): CouplingGroup {
  const group = groups.find((candidate) => candidate.name === name) ?? groups.find(({ producers }) => producers.includes(name));
  if (!group) throw new UnknownGroupError(name, groups.filter(({ frozen }) => frozen === undefined).map((known) => known.name));
  return group;
}
