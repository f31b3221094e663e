import { TRYING_SHARES } from '../../../lab/unlearning/methods.ts';
import { shownOutcome } from '../../../lab/unlearning/unlearningState.ts';
import { Dialog } from '../../controls/Dialog.tsx';
import { ChannelsCard } from './ChannelsCard.tsx';
import { ConfusionCard } from './ConfusionCard.tsx';
import { DepthCard } from './DepthCard.tsx';
import { DestinationsCard } from './DestinationsCard.tsx';
import { FineTuneCard } from './FineTuneCard.tsx';
import { ForgetForm } from './ForgetForm.tsx';
import { ForgetStatus } from './ForgetStatus.tsx';
import { MethodsCard } from './MethodsCard.tsx';
import { OutcomeActions } from './OutcomeActions.tsx';
import { TradeOffCard } from './TradeOffCard.tsx';
import { TrialsCard } from './TrialsCard.tsx';
import { UnlearningContext, useForgetting, useLoadedUnlearning } from './useUnlearning.ts';
import './unlearning.css';

/** The unlearning lab: choose a class, press Forget, and see what it did. */
export function UnlearningDialog({ onClose }: { readonly onClose: () => void }) {
  const unlearning = useLoadedUnlearning();
  return (
    <Dialog wide title="Forget a class" label="Forget a class" onClose={onClose}>
      <UnlearningContext value={unlearning}>
        <div className="unlearning">
          <ForgetForm />
          <Results />
        </div>
      </UnlearningContext>
    </Dialog>
  );
}

function Results() {
  const outcomes = useForgetting((state) => state.outcomes);
  const shown = useForgetting((state) => state.shown);
  const run = useForgetting((state) => state.run);
  const running = run && TRYING_SHARES.includes(run.method) ? run : undefined;
  const outcome = shownOutcome({ outcomes, ...(shown === undefined ? {} : { shown }) });
  return (
    <div className="unlearning-results">
      <ForgetStatus outcome={outcome} />
      {outcome && <OutcomeActions outcome={outcome} />}
      <div className="forget-cards">
        {(running || (outcome && outcome.report.trials.length > 0)) && <TrialsCard report={outcome?.report} running={running} />}
        {outcome && (
          <>
            <DestinationsCard key={`moved ${outcome.id}`} report={outcome.report} />
            <ConfusionCard report={outcome.report} />
            <DepthCard report={outcome.report} />
            {outcome.report.removed.length > 0 && <ChannelsCard key={`channels ${outcome.id}`} report={outcome.report} />}
          </>
        )}
        <MethodsCard />
        <TradeOffCard />
        <FineTuneCard />
      </div>
    </div>
  );
}
