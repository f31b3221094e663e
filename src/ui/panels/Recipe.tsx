import { accessWords, type Shows } from '../../lab/access.ts';
import { ALLOCATION_LABELS, COMPENSATION_LABELS, methodLabel, ORDER_LABELS } from '../../lab/labels.ts';
import { methodKey, methodOf } from '../../lab/method.ts';
import { RECIPES } from '../../lab/recipes.ts';
import { ALLOCATIONS, COMPENSATIONS, ORDERS, sharesCost } from '../../pruning/pruneRequest.ts';
import { BASELINE_SELECTIONS, FIDELITY_SELECTIONS, SELECTION_RULES, type Selection } from '../../pruning/selections.ts';
import { Choice } from '../controls/Choice.tsx';
import { GroupedChoice } from '../controls/GroupedChoice.tsx';
import { useExperiment, useLab } from '../LabContext.tsx';

const RULE_GROUPS = { pictures: ruleGroups('pictures'), text: ruleGroups('text') };

/** What decides which channels stay, and how the rest makes up for those that go. */
export function Recipe() {
  const lab = useLab();
  const { select, compensate, order, allocate, renorm, target } = useExperiment((experiment) => experiment.request);
  const shows = useExperiment(({ dataset }) => (dataset?.text ? 'text' : 'pictures'));
  const { source, access } = SELECTION_RULES[select];
  return (
    <>
      <Recipes />
      <GroupedChoice
        label="Select"
        groups={RULE_GROUPS[shows]}
        value={select}
        note={
          <>
            Needs {accessWords(access, shows) || 'the weights alone'}. {source.charAt(0).toUpperCase() + source.slice(1)}.
          </>
        }
        onChange={(next) => lab.setMethod({ select: next })}
      />
      <Choice label="Compensate" options={COMPENSATIONS} names={COMPENSATION_LABELS} value={compensate} hint="How the kept weights make up for the cut ones" onChange={(next) => lab.setMethod({ compensate: next })} />
      <Choice label="Order" options={ORDERS} names={ORDER_LABELS} value={order} hint="One-shot: every layer on the intact network. Sequential: each layer on inputs from the network pruned so far" onChange={(next) => lab.setMethod({ order: next })} />
      {sharesCost(target) && (
        <Choice
          label="Allocate"
          options={ALLOCATIONS}
          names={ALLOCATION_LABELS}
          value={allocate}
          hint="Uniform: one share for every group. Equal η: one fidelity for every group. By theory: where a unit of cost buys the least output error, by slopes measured on this network (Theorem 3.1)"
          onChange={(next) => lab.setMethod({ allocate: next })}
        />
      )}
      <label className="row switch" title="The norm layers’ statistics are measured again on the pruned network">
        Re-estimate norms
        <input type="checkbox" role="switch" aria-checked={renorm} checked={renorm} onChange={(event) => lab.setMethod({ renorm: event.target.checked })} />
      </label>
    </>
  );
}

/** Whole methods at a click; the one that is in force is marked. */
function Recipes() {
  const lab = useLab();
  const request = useExperiment((experiment) => experiment.request);
  const { target } = request;
  return (
    <div className="row recipes">
      <span>Recipe</span>
      {RECIPES.map(({ name, method }) => (
        <button key={name} type="button" className="small" title={methodLabel(method)} aria-pressed={methodKey(methodOf(request)) === methodKey(methodOf({ ...method, target }))} onClick={() => lab.setMethod(method)}>
          {name}
        </button>
      ))}
    </div>
  );
}

function ruleGroups(shows: Shows) {
  const option = (value: Selection) => ruleOption(value, shows);
  return [
    { name: 'By fidelity', options: FIDELITY_SELECTIONS.map(option) },
    { name: 'Baselines', options: BASELINE_SELECTIONS.map(option) },
  ];
}

function ruleOption(value: Selection, shows: Shows) {
  const { label, source, access } = SELECTION_RULES[value];
  const needs = accessWords(access, shows);
  return { value, text: needs ? `${label} (${needs})` : label, title: source };
}
