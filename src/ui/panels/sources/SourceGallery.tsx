import { useEffect, useState } from 'react';
import type { CalibrationSource } from '../../../datasets/calibrationSource.ts';
import { errorText } from '../../../lab/errors.ts';
import { SOURCE_NAMES } from '../../../datasets/sourceNames.ts';
import { sourceLabel } from '../../../lab/sourceLabels.ts';
import type { Picture } from '../../../workers/protocol.ts';
import { PixelPicture } from '../../controls/PixelPicture.tsx';
import { useExperiment, useLab } from '../../LabContext.tsx';

const SHOWN = 24;

/** The first pictures that a source gives by this seed. Give it a key that changes with both. */
export function SourceGallery({ source, seed }: { readonly source: CalibrationSource | undefined; readonly seed: number }) {
  const lab = useLab();
  const outputs = useExperiment((experiment) => experiment.model.card?.classes);
  const classes = useExperiment((experiment) => experiment.dataset?.classes);
  const [found, setFound] = useState<readonly Picture[] | string>();
  useEffect(() => {
    let gone = false;
    lab.sources().then((sources) => sources.gallery({ images: SHOWN, seed, source })).then(
      (pictures) => !gone && setFound(pictures),
      (error: unknown) => !gone && setFound(errorText(error)),
    );
    return () => {
      gone = true;
    };
  }, [lab, source, seed]);
  if (found === undefined) return <p className="hint">Drawing pictures…</p>;
  if (typeof found === 'string') {
    return (
      <p className="hint" role="alert">
        {found}
      </p>
    );
  }
  const name = sourceLabel(source) || SOURCE_NAMES.pictures;
  const classOf = ({ label }: Picture) => (label === undefined ? '' : `, ${(classes ?? outputs)?.[label] ?? label}`);
  return (
    <figure aria-label={`The first ${found.length} of ${name}`}>
      <ul className="pictures source-gallery">
        {found.map((picture) => (
          <li key={picture.index}>
            <PixelPicture picture={picture} label={`Picture ${picture.index + 1}${classOf(picture)}`} />
          </li>
        ))}
      </ul>
    </figure>
  );
}
