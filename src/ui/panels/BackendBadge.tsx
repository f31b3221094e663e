import { useState } from 'react';
import type { BackendChoice, BackendReport } from '../../workers/protocol.ts';
import type { EngineStatus } from '../../lab/experiment.ts';
import { Choice } from '../controls/Choice.tsx';
import { Popover } from '../controls/Popover.tsx';
import { useExperiment, useLab } from '../LabContext.tsx';

const CHOICES = ['auto', 'webgpu', 'wasm'] as const;
const CHOICE_NAMES: Readonly<Record<BackendChoice, string>> = { auto: 'the best here', webgpu: 'WebGPU', wasm: 'WebAssembly' };
const NAMES = { webgpu: 'WebGPU', wasm: 'WebAssembly' } as const;
const STATES: Readonly<Record<EngineStatus, string>> = { off: 'starting', starting: 'starting', ready: 'ready', restarting: 'starting again', failed: 'not running' };

export function BackendBadge() {
  const backend = useExperiment((experiment) => experiment.backend);
  const engine = useExperiment((experiment) => experiment.engine);
  const name = backend && engine !== 'failed' ? [NAMES[backend.name], backend.software ? 'software' : backend.adapter].filter(Boolean).join(' · ') : `engine ${STATES[engine]}`;
  return (
    <Popover
      title="Backend"
      label={`Backend: ${name}`}
      align="right"
      plain
      button={
        <span className="badge" data-state={engine}>
          <span className="dot" aria-hidden="true" />
          <span className="badge-name">{name}</span>
        </span>
      }
    >
      {backend ? <Report backend={backend} /> : <p className="hint">The engine is {STATES[engine]}.</p>}
    </Popover>
  );
}

function Report({ backend }: { readonly backend: BackendReport }) {
  const lab = useLab();
  const [copied, setCopied] = useState(false);
  const [choice, setChoice] = useState<BackendChoice>('auto');
  const copy = async () => {
    const memory = await lab.memory().catch(() => undefined);
    const { model, dataset, calibration } = lab.store.getState();
    const diagnostics = { backend, memory, model: model.descriptor, version: model.version, dataset, calibration: calibration.summary, userAgent: navigator.userAgent, cores: navigator.hardwareConcurrency };
    await navigator.clipboard.writeText(JSON.stringify(diagnostics, null, 2));
    setCopied(true);
  };
  return (
    <div className="stack">
      <p>{backend.reason}</p>
      <table className="plain-table">
        <caption>Self-check</caption>
        <thead>
          <tr>
            <th scope="col">Check</th>
            <th scope="col">Error</th>
            <th scope="col">Result</th>
          </tr>
        </thead>
        <tbody>
          {backend.checks.map((check) => (
            <tr key={`${check.backend} ${check.name}`}>
              <td>
                {NAMES[check.backend]}: {check.name}
              </td>
              <td>{check.error.toExponential(1)}</td>
              <td>{check.ok ? 'right' : 'wrong'}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <Choice
        label="Run on"
        options={CHOICES}
        names={CHOICE_NAMES}
        value={choice}
        onChange={(next) => {
          setChoice(next);
          void lab.setBackend(next);
        }}
      />
      <button type="button" className="pick" onClick={() => void copy()}>
        {copied ? 'Copied' : 'Copy diagnostics'}
      </button>
    </div>
  );
}
