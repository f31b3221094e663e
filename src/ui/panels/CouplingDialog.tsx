import { labelOf } from '../../lab/groupLabel.ts';
import type { CouplingGroup } from '../../network/couplingGroup.ts';
import { Dialog } from '../controls/Dialog.tsx';
import { useExperiment } from '../LabContext.tsx';
import { CouplingView } from './CouplingView.tsx';

/** The layers that a whole group ties together. */
export function CouplingDialog({ group, label, onClose }: { readonly group: CouplingGroup; readonly label: string; readonly onClose: () => void }) {
  const { many } = useExperiment((experiment) => labelOf(experiment.groupLabels, group.name).unit);
  const network = useExperiment((experiment) => experiment.model.loaded?.network);
  return (
    <Dialog wide title={`${label}: ${group.channels} ${many} that several layers share`} label={`Coupling of ${label}`} onClose={onClose}>
      {group.frozen !== undefined && <p>It must stay whole: {group.frozen}.</p>}
      {network ? <CouplingView network={network} group={group} /> : <p className="hint">The model is still loading.</p>}
    </Dialog>
  );
}
