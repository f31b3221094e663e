import { lazy, Suspense, useCallback, useMemo, useState } from 'react';
import { historyTree } from '../../lab/history.ts';
import { Boundary } from '../controls/Boundary.tsx';
import { useExperiment } from '../LabContext.tsx';
import { HistoryBranchItem } from './HistoryBranchItem.tsx';

const CompareDialog = lazy(() => import('./CompareDialog.tsx').then((module) => ({ default: module.CompareDialog })));

/** Every plan that was tried, as a tree: each hangs under the one that it came from. */
export function HistoryPanel() {
  const history = useExperiment((experiment) => experiment.history);
  const tree = useMemo(() => historyTree(history), [history]);
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [comparing, setComparing] = useState(false);
  const toggle = useCallback((id: string) => setChosen((before) => (before.includes(id) ? before.filter((other) => other !== id) : [...before.slice(-1), id])), []);
  const pair = chosen.flatMap((id) => history.nodes.find((node) => node.id === id) ?? []);
  return (
    <div className="history">
      <h3 className="panel-head">
        History
        {history.nodes.length > 1 && (
          <button type="button" className="small" disabled={pair.length !== 2} onClick={() => setComparing(true)}>
            Compare two
          </button>
        )}
      </h3>
      {tree.length === 0 ? (
        <p className="hint">Every plan that is measured is kept here, also after a reload.</p>
      ) : (
        <ul className="tree" aria-label="Plans that were tried">
          <li>
            <span className="mute">intact</span>
            <ul>
              {tree.map((branch) => (
                <HistoryBranchItem key={branch.node.id} branch={branch} current={history.current} chosen={chosen} onChoose={toggle} />
              ))}
            </ul>
          </li>
        </ul>
      )}
      {comparing && pair.length === 2 && (
        <Boundary what="The comparison"><Suspense>
          <CompareDialog a={pair[0]} b={pair[1]} onClose={() => setComparing(false)} />
        </Suspense></Boundary>
      )}
    </div>
  );
}
