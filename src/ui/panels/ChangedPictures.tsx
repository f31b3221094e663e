import { useEffect, useMemo, useState } from 'react';
import { changedPredictions, varied } from '../../lab/changedPredictions.ts';
import { whole } from '../../lab/format.ts';
import type { Picture } from '../../workers/protocol.ts';
import { PixelPicture } from '../controls/PixelPicture.tsx';
import { useExperiment, useLab } from '../LabContext.tsx';
import { useShownOutcome } from './useShownOutcome.ts';

const FEW = 5;
const MANY = 30;

/** Test images that the pruned network takes for something else than the intact one did. */
export function ChangedPictures() {
  const lab = useLab();
  const before = useExperiment((experiment) => experiment.intact?.evaluation.predictions);
  const after = useExperiment((experiment) => experiment.result?.evaluation.predictions);
  const classes = useExperiment((experiment) => experiment.dataset?.classes);
  const { shown } = useShownOutcome();
  const current = shown === 'oneShot' || shown === 'sequential';
  const changed = useMemo(() => (before && after ? changedPredictions(before, after) : undefined), [before, after]);
  const [many, setMany] = useState(false);
  const some = useMemo(() => (changed ? varied(changed, many ? MANY : FEW) : []), [changed, many]);
  const [pictures, setPictures] = useState<ReadonlyMap<number, Picture>>(new Map());

  useEffect(() => {
    let gone = false;
    if (some.length > 0) {
      lab.pictures(some.map(({ index }) => index)).then(
        (found) => !gone && setPictures(new Map(found.map((picture) => [picture.index, picture]))),
        () => {},
      );
    }
    return () => {
      gone = true;
    };
  }, [lab, some]);

  if (!changed || !before || !after) return null;
  const name = (index: number) => classes?.[index] ?? String(index);
  return (
    <div className="changed" data-stale={!current}>
      <h3 className="panel-head">
        Predictions that changed
        <span>
          {whole(changed.length)} of {whole(Math.min(before.length, after.length))}
        </span>
      </h3>
      {changed.length === 0 && <p className="hint">None: both networks say the same of every image.</p>}
      <ul className="pictures">
        {some.map((change) => {
          const picture = pictures.get(change.index);
          return (
            <li key={change.index} title={picture?.label === undefined ? undefined : `Test image ${change.index}: it is a ${name(picture.label)}`}>
              {picture ? <PixelPicture picture={picture} label={`Test image ${change.index}${picture.label === undefined ? '' : `, a ${name(picture.label)}`}: ${name(change.before)} before, ${name(change.after)} after`} /> : <span className="pixels" />}
              <small>
                {name(change.before)}→<wbr />
                {name(change.after)}
              </small>
            </li>
          );
        })}
      </ul>
      {changed.length > FEW && (
        <button type="button" className="link" aria-expanded={many} onClick={() => setMany(!many)}>
          {many ? 'Show fewer' : 'Show more'}
        </button>
      )}
    </div>
  );
}
