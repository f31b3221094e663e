import { useEffect, useId, useState } from 'react';
import { encodePreprocessing } from '../../datasets/preprocessing.ts';
import { encodeSource } from '../../datasets/sourceText.ts';
import { readsText } from '../../lab/catalogue.ts';
import type { DataDescriptor } from '../../lab/experiment.ts';
import { whole } from '../../lab/format.ts';
import { dataOfFiles } from '../../lab/incoming.ts';
import { dataLabel } from '../../lab/labels.ts';
import { picturesFit, whyUnlabelled } from '../../lab/yardstick.ts';
import type { DatasetSummary, Preview } from '../../workers/protocol.ts';
import { FilesButton } from '../controls/FilesButton.tsx';
import { PixelPicture } from '../controls/PixelPicture.tsx';
import { useExperiment, useLab } from '../LabContext.tsx';
import { CalibrationForm } from './CalibrationForm.tsx';
import { KeptList } from './KeptList.tsx';
import { PreprocessingForm } from './PreprocessingForm.tsx';
import { TextForm } from './TextForm.tsx';

const PREVIEWED = 6;
const MOST_LISTED = 50;

/** Which pictures, or which text, is scored and measured with, and what the network sees of it. */
export function PicturesPanel({ close }: { readonly close: () => void }) {
  const lab = useLab();
  const group = useId();
  const { descriptor, opening } = useExperiment((experiment) => experiment.data);
  const dataset = useExperiment((experiment) => experiment.dataset);
  const preprocessing = useExperiment((experiment) => experiment.preprocessing);
  const images = useExperiment((experiment) => experiment.calibration.images);
  const source = useExperiment((experiment) => experiment.calibration.source);
  const seed = useExperiment((experiment) => experiment.request.seed);
  const fits = useExperiment(({ model, dataset: pictures }) => picturesFit(model, pictures));
  const model = useExperiment((experiment) => experiment.model);
  const text = readsText(model.loaded);
  const shown = opening ?? descriptor;
  const open = (wanted: DataDescriptor) => {
    close();
    void lab.openPictures(wanted);
  };
  return (
    <div className="stack">
      <fieldset className="plain">
        <legend>{text ? 'Text' : 'Pictures'}</legend>
        <label className="option">
          <input type="radio" name={group} checked={shown.kind === 'shipped'} onChange={() => open({ kind: 'shipped' })} />
          {dataLabel({ kind: 'shipped' }, model)} <small>shipped</small>
        </label>
        <KeptList kind="data" group={group} shown={shown} onOpen={open} />
      </fieldset>
      {text ? (
        <TextForm dataset={dataset} onText={open} />
      ) : (
        <>
          <div className="row wrap">
            <FilesButton label="Add pictures…" inputLabel="Picture files" accept="image/*,.zip,.npz,.npy" onFiles={(files) => open(dataOfFiles(files))} />
            <FilesButton label="Add a folder…" inputLabel="Folder of pictures" folder onFiles={(files) => open(dataOfFiles(files))} />
          </div>
          <p className="hint">Picture files, folders or zips whose sub-folders name classes, .npy arrays. They can be dropped anywhere on the page, and never leave it. Labels are not needed.</p>
          {dataset?.own && <OwnLines dataset={dataset} own={dataset.own} />}
          {dataset && fits && <PreviewRow key={`${dataset.name} ${dataset.train} ${dataset.shape.join()} ${encodePreprocessing(preprocessing)}`} dataset={dataset} bgr={preprocessing.order === 'BGR'} />}
          <details>
            <summary>What is done to them</summary>
            {dataset?.own?.prepared === true && <p className="hint">These arrays hold no bytes, so they are fed as they are: this form is for pictures.</p>}
            <PreprocessingForm key={JSON.stringify(preprocessing)} />
          </details>
        </>
      )}
      <CalibrationForm key={`${images} ${seed} ${encodeSource(source)}`} images={images} seed={seed} source={source} close={close} />
    </div>
  );
}

function OwnLines({ dataset, own: { splitSeed, skipped, leftOut } }: { readonly dataset: DatasetSummary; readonly own: NonNullable<DatasetSummary['own']> }) {
  const why = useExperiment(whyUnlabelled);
  return (
    <>
      <p className="hint">
        {whole(dataset.train + dataset.test)} pictures, halved by seed {splitSeed}: {whole(dataset.train)} to score with, {whole(dataset.test)} to measure with.{' '}
        {why === undefined ? `Their folders or labels name ${new Set(dataset.classes).size} classes.` : `${why} Agreement with the intact network takes the place of accuracy.`}
        {leftOut > 0 && ` ${whole(leftOut)} more did not fit into memory.`}
      </p>
      {skipped.length > 0 && (
        <details>
          <summary>{skipped.length === 1 ? 'One file was skipped' : `${whole(skipped.length)} files were skipped`}</summary>
          <ul className="skipped">
            {skipped.slice(0, MOST_LISTED).map(({ path, reason }) => (
              <li key={path}>
                <b>{path}</b> {reason}
              </li>
            ))}
            {skipped.length > MOST_LISTED && <li>and {whole(skipped.length - MOST_LISTED)} more</li>}
          </ul>
        </details>
      )}
    </>
  );
}

function PreviewRow({ dataset, bgr }: { readonly dataset: DatasetSummary; readonly bgr: boolean }) {
  const lab = useLab();
  const [preview, setPreview] = useState<Preview>();
  useEffect(() => {
    let gone = false;
    lab.preview(PREVIEWED).then((found) => !gone && setPreview(found), () => {});
    return () => {
      gone = true;
    };
  }, [lab]);
  if (!preview) return null;
  const { pictures, least, greatest, mean } = preview;
  return (
    <figure aria-label="What the network sees">
      <ul className="pictures">
        {pictures.map((picture) => (
          <li key={picture.index}>
            <PixelPicture picture={picture} label={`Picture ${picture.index}${picture.label === undefined ? '' : `, ${dataset.classes[picture.label] ?? picture.label}`}, as the network sees it`} />
          </li>
        ))}
      </ul>
      <figcaption className="hint">
        What the network sees: {dataset.shape.join(' × ')}, values {rounded(least)} to {rounded(greatest)}, {rounded(mean)} on average{bgr && ', blue first'}.
      </figcaption>
    </figure>
  );
}

function rounded(value: number): string {
  return String(Number(value.toPrecision(3))).replace('-', '−');
}
