import { NO_RULES, type GroupRule, type WidthRules } from '../pruning/widthRules.ts';
import { percent } from './format.ts';

/** The rules with this one for the group, or without any for it. */
export function withGroupRule(rules: WidthRules, group: string, rule: GroupRule | undefined): WidthRules {
  const { [group]: _, ...others } = rules.groups;
  return { ...rules, groups: rule ? { ...others, [group]: rule } : others };
}

/** The rules without those of groups that are not among `names`. */
export function rulesOfGroups(rules: WidthRules, names: ReadonlySet<string>): WidthRules {
  return { ...rules, groups: Object.fromEntries(Object.entries(rules.groups).filter(([name]) => names.has(name))) };
}

export function groupRuleOf({ groups }: WidthRules, group: string): GroupRule | undefined {
  return Object.hasOwn(groups, group) ? groups[group] : undefined;
}

/** Equal for equal rules, whatever the order they were given in. */
export function rulesKey({ multiple, floor, groups }: WidthRules): string {
  const sorted = Object.entries(groups).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([multiple, floor, sorted.map(([name, rule]) => [name, rule.kind, rule.kind === 'protect' ? 0 : rule.channels])]);
}

export function hasRules(rules: WidthRules): boolean {
  return rulesKey(rules) !== rulesKey(NO_RULES);
}

/** "multiples of 8, 10 % floor, 2 groups set"; empty where there are none. */
export function rulesLabel({ multiple, floor, groups }: WidthRules): string {
  const set = Object.keys(groups).length;
  return [
    multiple > 1 && `multiples of ${multiple}`,
    floor > 0 && `${percent(floor, 0)} floor`,
    set > 0 && `${set} ${set === 1 ? 'group' : 'groups'} set`,
  ].filter((part) => part !== false).join(', ');
}

export function groupRuleLabel(rule: GroupRule): string {
  switch (rule.kind) {
    case 'protect':
      return 'protected';
    case 'width':
      return `held at ${rule.channels}`;
    case 'atLeast':
      return `at least ${rule.channels}`;
  }
}
