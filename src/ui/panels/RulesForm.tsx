import { percent } from '../../lab/format.ts';
import { groupRuleLabel } from '../../lab/rules.ts';
import { MULTIPLES } from '../../pruning/widthRules.ts';
import { Choice } from '../controls/Choice.tsx';
import { RangeSlider } from '../controls/RangeSlider.tsx';
import { useExperiment, useLab } from '../LabContext.tsx';

/** The rules of all groups, and which groups have one of their own. */
export function RulesForm() {
  const lab = useLab();
  const { multiple, floor, groups } = useExperiment((experiment) => experiment.request.rules);
  // a link may ask for another multiple than those that are offered
  const multiples = [...new Set<number>([...MULTIPLES, multiple])].sort((a, b) => a - b).map(String);
  return (
    <>
      <Choice
        label="Widths are multiples of"
        options={multiples}
        names={Object.fromEntries(multiples.map((value) => [value, value === '1' ? '1, any width' : value]))}
        value={String(multiple)}
        hint="Many devices run at full speed only at widths that are multiples of 8 or 16"
        onChange={(next) => lab.setRules({ multiple: Number(next) }, true)}
      />
      <div className="row">
        <span className="mute">Floor of every group</span>
        <span>{percent(floor, 0)}</span>
      </div>
      <RangeSlider label="Floor of every group" min={0} max={1} step={0.01} value={floor} valueText={`at least ${percent(floor, 0)} of its channels`} onChange={(next, final) => lab.setRules({ floor: next }, final)} />
      {Object.keys(groups).length > 0 ? (
        <>
          <ul className="rule-list" aria-label="Groups with a rule of their own">
            {Object.entries(groups).map(([name, rule]) => (
              <li key={name} className="row">
                <span>
                  {name}: {groupRuleLabel(rule)}
                </span>
                <button type="button" className="small" aria-label={`Give ${name} back to the budget`} onClick={() => lab.setGroupRule(name, undefined)}>
                  ✕
                </button>
              </li>
            ))}
          </ul>
          <button type="button" className="link" onClick={() => lab.dropGroupRules()}>
            Give all of them back to the budget
          </button>
        </>
      ) : (
        <p className="hint">Choose a group under “Network” to protect it or to set its width.</p>
      )}
    </>
  );
}
