import { lazy, Suspense, useState } from 'react';
import { Boundary } from '../controls/Boundary.tsx';
import { BackendBadge } from './BackendBadge.tsx';
import { DataPicker } from './DataPicker.tsx';
import { ExportMenu } from './ExportMenu.tsx';
import { HeaderStatus } from './HeaderStatus.tsx';
import { ModelPicker } from './ModelPicker.tsx';
import { ShareButton } from './ShareButton.tsx';
import { ThemeButton } from './ThemeButton.tsx';

const TheoryDialog = lazy(() => import('./TheoryDialog.tsx').then((module) => ({ default: module.TheoryDialog })));
const HelpDialog = lazy(() => import('./HelpDialog.tsx').then((module) => ({ default: module.HelpDialog })));

export function Header() {
  const [help, setHelp] = useState(false);
  const [theory, setTheory] = useState(false);
  return (
    <header className="top">
      <Logo />
      <h1>ModHiFi Lab</h1>
      <ModelPicker />
      <DataPicker />
      <HeaderStatus />
      <div className="top-end">
        <BackendBadge />
        <button type="button" className="pick" aria-haspopup="dialog" title="Check the paper’s claims on this network" onClick={() => setTheory(true)}>
          Theory
        </button>
        <ShareButton />
        <ExportMenu />
        <ThemeButton />
        <button type="button" className="pick" aria-label="Help" onClick={() => setHelp(true)}>
          ?
        </button>
      </div>
      {theory && (
        <Boundary what="The theory"><Suspense>
          <TheoryDialog onClose={() => setTheory(false)} />
        </Suspense></Boundary>
      )}
      {help && (
        <Boundary what="The help"><Suspense>
          <HelpDialog onClose={() => setHelp(false)} />
        </Suspense></Boundary>
      )}
    </header>
  );
}

const FAINT = new Set([1, 4, 6, 7]);

function Logo() {
  return (
    <svg className="logo" viewBox="0 0 18 18" aria-hidden="true">
      {Array.from({ length: 9 }, (_, i) => (
        <rect key={i} x={(i % 3) * 6.5} y={Math.floor(i / 3) * 6.5} width="5" height="5" rx="1" opacity={FAINT.has(i) ? 0.3 : 1} />
      ))}
    </svg>
  );
}
