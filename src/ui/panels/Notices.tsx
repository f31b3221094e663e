import { useExperiment, useLab } from '../LabContext.tsx';

const SIGNS = { info: 'ⓘ', warning: '⚠', error: '⊘' } as const;

/** What went wrong or is worth knowing, with what to do about it; newest last. */
export function Notices() {
  const lab = useLab();
  const notices = useExperiment((experiment) => experiment.notices);
  return (
    <div className="notices" role="log" aria-label="Notices" aria-live="polite">
      {notices.map(({ id, level, text, advice, action }) => (
        <div key={id} className="notice" data-level={level}>
          <span aria-hidden="true">{SIGNS[level]}</span>
          <p>
            <span className="sr-only">{level}: </span>
            {text} {advice && <span className="mute">{advice}</span>}
          </p>
          {action && (
            <button
              type="button"
              className="pick"
              onClick={() => {
                lab.dismiss(id);
                void lab.act(action.name);
              }}
            >
              {action.label}
            </button>
          )}
          <button type="button" className="quiet" aria-label="Dismiss" onClick={() => lab.dismiss(id)}>
            ✕
          </button>
        </div>
      ))}
    </div>
  );
}
