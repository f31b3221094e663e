import { useState, type SubmitEvent } from 'react';
import { percent, perplexity, whole } from '../../lab/format.ts';
import type { HistoryBranch, Outcome } from '../../lab/history.ts';
import { namedPlan } from '../../lab/sourceLabels.ts';
import { quality } from '../../lab/yardstick.ts';
import { useLab } from '../LabContext.tsx';

interface HistoryBranchItemProps {
  readonly branch: HistoryBranch;
  readonly current?: string;
  readonly chosen: readonly string[];
  readonly onChoose: (id: string) => void;
}

export function HistoryBranchItem({ branch: { node, children }, current, chosen, onChoose }: HistoryBranchItemProps) {
  const lab = useLab();
  const [naming, setNaming] = useState(false);
  const name = node.name ?? namedPlan(node.settings);
  const isCurrent = node.id === current;
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    const typed = new FormData(event.currentTarget).get('name');
    lab.rename(node.id, typeof typed === 'string' ? typed : '');
    setNaming(false);
  };
  const shared = { current, chosen, onChoose };
  const item = (
    <li>
      {naming ? (
        <form className="row tight" onSubmit={submit}>
          <input name="name" aria-label={`Name of ${name}`} defaultValue={name} maxLength={80} ref={(input) => input?.focus()} onKeyDown={(event) => event.key === 'Escape' && setNaming(false)} />
          <button type="submit" className="small">
            Save
          </button>
        </form>
      ) : (
        <div className="plan">
          <input type="checkbox" aria-label={`Compare ${name}`} checked={chosen.includes(node.id)} onChange={() => onChoose(node.id)} />
          <button type="button" className={isCurrent ? 'plan-name on' : 'plan-name'} aria-current={isCurrent || undefined} title={`Go back to this plan (${whole(node.outcome.images)} test ${node.outcome.perplexity === undefined ? 'images' : 'windows'})`} onClick={() => void lab.goTo(node)}>
            {name}: <b>{judged(node.outcome)}</b>
          </button>
          <span className="plan-tools">
            <button type="button" className="small" aria-label={`Rename ${name}`} onClick={() => setNaming(true)}>
              ✎
            </button>
            <button type="button" className="small" aria-label={`Remove ${name}`} onClick={() => lab.remove(node.id)}>
              ✕
            </button>
          </span>
        </div>
      )}
      {children.length > 1 && (
        <ul>
          {children.map((child) => (
            <HistoryBranchItem key={child.node.id} branch={child} {...shared} />
          ))}
        </ul>
      )}
    </li>
  );
  // A plan with one successor stands above it; only where the history forks does it go a level deeper.
  return (
    <>
      {item}
      {children.length === 1 && <HistoryBranchItem branch={children[0]} {...shared} />}
    </>
  );
}

function judged(outcome: Outcome): string {
  return outcome.perplexity === undefined ? percent(quality(outcome)) : `perplexity ${perplexity(outcome.perplexity)}`;
}
