import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { Lab } from './lab/lab.ts';
import { App } from './ui/App.tsx';
import { browserEnvironment } from './ui/browserEnvironment.ts';
import { LabProvider } from './ui/LabContext.tsx';
import './ui/tokens.css';
import './ui/page.css';
import './ui/controls.css';
import './ui/panels.css';

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no element #root.');

const lab = new Lab(browserEnvironment());
createRoot(root).render(
  <StrictMode>
    <LabProvider lab={lab}>
      <App />
    </LabProvider>
  </StrictMode>,
);
void lab.boot();
window.addEventListener('pagehide', (event) => {
  if (!event.persisted) lab.dispose();
});
