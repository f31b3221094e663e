import type { GroupRule } from '../../pruning/widthRules.ts';
import { NumberField } from '../controls/NumberField.tsx';
import { useLab } from '../LabContext.tsx';

interface GroupRulesProps {
  readonly group: string;
  /** The group as the page names it. */
  readonly label: string;
  readonly channels: number;
  readonly rule?: GroupRule;
  /** Channels kept now. */
  readonly width: number;
}

/** What holds for one group instead of the budget. */
export function GroupRules({ group, label, channels, rule, width }: GroupRulesProps) {
  const lab = useLab();
  const isProtected = rule?.kind === 'protect';
  const choose = (kind: string) => {
    if (kind === 'width' || kind === 'atLeast') lab.setGroupRule(group, { kind, channels: rule && rule.kind !== 'protect' ? rule.channels : width });
    else lab.setGroupRule(group, undefined);
  };
  return (
    <div className="group-rules">
      <button type="button" className="small" aria-pressed={isProtected} aria-label={`Protect ${label}`} onClick={() => lab.setGroupRule(group, isProtected ? undefined : { kind: 'protect' })}>
        Protect
      </button>
      {!isProtected && (
        <>
          <select aria-label={`Width of ${label}`} value={rule?.kind ?? 'budget'} onChange={(event) => choose(event.target.value)}>
            <option value="budget">by the budget</option>
            <option value="width">exactly</option>
            <option value="atLeast">at least</option>
          </select>
          {rule && (
            <NumberField label={`Channels of ${label}`} value={rule.channels} min={1} max={channels} onChange={(next) => lab.setGroupRule(group, { ...rule, channels: next })} />
          )}
        </>
      )}
    </div>
  );
}
