import { lazy, Suspense, useState, type DragEvent } from 'react';
import { Boundary } from './controls/Boundary.tsx';
import { errorText } from '../lab/errors.ts';
import { notify } from '../lab/store.ts';
import { droppedFiles } from './droppedFiles.ts';
import { useExperiment, useLab } from './LabContext.tsx';
import { FidelityPanel } from './panels/FidelityPanel.tsx';
import { FrontierPanel } from './panels/FrontierPanel.tsx';
import { Header } from './panels/Header.tsx';
import { NetworkPanel } from './panels/NetworkPanel.tsx';
import { Notices } from './panels/Notices.tsx';
import { PrunePanel } from './panels/PrunePanel.tsx';

const ConfirmUrlDialog = lazy(() => import('./panels/ConfirmUrlDialog.tsx').then((module) => ({ default: module.ConfirmUrlDialog })));

function carriesFiles(event: DragEvent): boolean {
  return event.dataTransfer.types.includes('Files');
}

export function App() {
  const lab = useLab();
  const urlToConfirm = useExperiment((experiment) => experiment.urlToConfirm);
  const [dragging, setDragging] = useState(false);
  const drop = (event: DragEvent) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    setDragging(false);
    droppedFiles(event.dataTransfer).then(
      (files) => lab.openFiles(files),
      (error: unknown) => notify(lab.store, 'error', `What was dropped could not be read: ${errorText(error)}`),
    );
  };
  return (
    <div
      className="app"
      onDragOver={(event) => {
        if (!carriesFiles(event)) return;
        event.preventDefault();
        setDragging(true);
      }}
      onDragLeave={(event) => event.relatedTarget === null && setDragging(false)}
      onDrop={drop}
    >
      <Header />
      <main>
        <NetworkPanel />
        <div className="centre">
          <FidelityPanel />
          <FrontierPanel />
        </div>
        <PrunePanel />
      </main>
      <Notices />
      {dragging && <div className="drop-veil">Drop a model, pictures or a text: files, folders, zips, arrays</div>}
      {urlToConfirm !== undefined && (
        <Boundary what="The question"><Suspense>
          <ConfirmUrlDialog url={urlToConfirm} />
        </Suspense></Boundary>
      )}
    </div>
  );
}
