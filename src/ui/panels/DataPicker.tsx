import { lazy, Suspense, useEffect, useState } from 'react';
import { whole } from '../../lab/format.ts';
import { dataLabel } from '../../lab/labels.ts';
import { Boundary } from '../controls/Boundary.tsx';
import { Popover } from '../controls/Popover.tsx';
import { useExperiment } from '../LabContext.tsx';

const PicturesPanel = lazy(() => import('./PicturesPanel.tsx').then((module) => ({ default: module.PicturesPanel })));

export function DataPicker() {
  const images = useExperiment((experiment) => experiment.calibration.images);
  const seed = useExperiment((experiment) => experiment.request.seed);
  const text = useExperiment(({ dataset }) => dataset?.text !== undefined);
  const own = useExperiment(({ data: { descriptor }, model }) => (descriptor.kind === 'shipped' && !text ? undefined : dataLabel(descriptor, model)));
  const source = useSourceName();
  const what = source ? `${whole(images)} · ${source}` : own === undefined ? `${whole(images)} training images` : `${own} · ${whole(images)} ${text ? 'windows' : 'pictures'}`;
  return (
    <Popover
      title={text ? 'Calibration text' : 'Calibration pictures'}
      label={`Calibration: ${what} seed ${seed}`}
      button={
        <>
          {what} <small>seed {seed}</small>
        </>
      }
    >
      {(close, open) =>
        open && (
          <Boundary what="The choice of pictures"><Suspense>
            <PicturesPanel close={close} />
          </Suspense></Boundary>
        )
      }
    </Popover>
  );
}

/** What calibration pictures are drawn from where that is not the open ones; its words load on need. */
function useSourceName(): string | undefined {
  const source = useExperiment((experiment) => experiment.calibration.source);
  const [name, setName] = useState('…');
  useEffect(() => {
    if (source) void import('../../lab/sourceLabels.ts').then(({ sourceLabel }) => setName(sourceLabel(source)));
  }, [source]);
  return source && name;
}
