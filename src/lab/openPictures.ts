import { encodePreprocessing } from '../datasets/preprocessing.ts';
import type { DatasetSummary } from '../workers/protocol.ts';
import { shippedData } from './catalogue.ts';
import { errorText, isCancelled } from './errors.ts';
import { DEFAULT_IMAGES, DEFAULT_WINDOWS, defaultPreprocessing, type DataDescriptor, type Experiment } from './experiment.ts';
import { EMPTY_HISTORY } from './history.ts';
import { dataLabel } from './labels.ts';
import { readPictures } from './readPictures.ts';
import type { Session } from './session.ts';
import { notify } from './store.ts';
import { picturesFit, whyUnlabelled } from './yardstick.ts';

/**
 * Puts other pictures in the place of those on screen, which stay until the new ones are read, and
 * stay altogether if that fails. True when they are there.
 */
export async function openPictures(session: Session, descriptor: DataDescriptor): Promise<boolean> {
  const { store, runner, environment } = session;
  runner.cancelWork();
  store.setState(({ data }) => ({ data: { ...data, opening: descriptor } }));
  try {
    const dataset = await runner.run({ kind: 'data', label: `Reading ${dataLabel(descriptor, store.getState().model)}` }, async (job) => {
      await job.wait(session.start());
      return job.engine((id) => session.engine((api) => readPictures(api, id, descriptor, store.getState(), environment.baseUrl, job.onProgress)));
    });
    if (store.getState().data.opening !== descriptor) return false;
    store.setState((before) => ({ ...withoutResults(before), ...withPictures(before, dataset, descriptor) }));
    if (descriptor.kind === 'files') void keepLater(session, descriptor);
    return sayWhetherTheyFit(session);
  } catch (error) {
    store.setState(({ data: { opening, ...data } }) => ({ data: opening === descriptor ? data : { ...data, ...(opening ? { opening } : {}) } }));
    if (!isCancelled(error)) notify(store, 'error', `${dataLabel(descriptor, store.getState().model)} could not be read: ${errorText(error)}`, { advice: 'What was on screen is still there.' });
    return false;
  }
}

/**
 * Reads a person's pictures anew at the size of the network that was just opened. Where they cannot
 * be read, the shipped ones take their place. `fresh`: they came with the network. True where the
 * pictures are of the form that the network takes.
 */
export async function fitPictures(session: Session, fresh: boolean): Promise<boolean> {
  const { store, runner, environment } = session;
  const { data: { descriptor, shipped: before }, dataset: open, model } = store.getState();
  const named = (data: DataDescriptor) => dataLabel(data, model);
  const read = (wanted: DataDescriptor) =>
    runner.run({ kind: 'data', label: `Reading ${named(wanted)}` }, (job) =>
      job.engine((id) => session.engine((api) => readPictures(api, id, wanted, store.getState(), environment.baseUrl, job.onProgress))),
    );
  try {
    // a text is read in the tokens of its network
    if (descriptor.kind !== 'shipped' || fresh || open?.text || before !== shippedData(model)) {
      // what was measured beforehand is of the shipped pictures
      store.setState(({ precomputed }) => ({ dataset: undefined, precomputed: descriptor.kind === 'shipped' ? precomputed : undefined }));
      const dataset = await read(descriptor);
      store.setState((now) => withPictures({ ...now, dataset: open }, dataset, descriptor));
      if (fresh && descriptor.kind === 'files') void keepLater(session, descriptor);
    }
  } catch (error) {
    const { model: now, data } = store.getState();
    if (data.descriptor !== descriptor || (isCancelled(error) && (now.opening ?? data.opening))) return false;
    const shipped: DataDescriptor = { kind: 'shipped' };
    const others = descriptor.kind !== 'shipped';
    if (!isCancelled(error)) notify(store, 'error', `${named(descriptor)} could not be read: ${errorText(error)}`, others ? { advice: `${named(shipped)} takes their place.` } : {});
    const dataset = others ? await read(shipped).catch(() => undefined) : undefined;
    store.setState((state) => (dataset ? withPictures({ ...state, dataset: open }, dataset, shipped) : { data: { descriptor: shipped } }));
  }
  return sayWhetherTheyFit(session);
}

/** True where the pictures are of the form that the network takes; else says what to do, and where they count as unlabelled says that. */
function sayWhetherTheyFit({ store }: Session): boolean {
  const { model, dataset, data } = store.getState();
  if (!model.loaded || !dataset) return false;
  if (picturesFit(model, dataset)) {
    const why = whyUnlabelled({ model, dataset });
    if (why !== undefined) notify(store, 'info', `${dataLabel(data.descriptor, model)} counts as unlabelled: ${why}`, { advice: 'Agreement with the intact network takes the place of accuracy.' });
    return true;
  }
  notify(store, 'error', `The pictures of ${dataset.name} are ${dataset.shape.join(' × ')}, but this network takes ${model.loaded.inputShape.join(' × ')}.`, {
    advice: 'Its structure is shown. Add pictures of your own under Calibration to score and measure it; they are brought to its size.',
  });
  return false;
}

/**
 * The data set and as many calibration pictures as it has, or as were asked for; where a text takes the place of
 * pictures, or they take its, the usual number of those stays the usual number.
 */
function withPictures({ calibration, dataset: before, model }: Experiment, dataset: DatasetSummary, descriptor: DataDescriptor): Pick<Experiment, 'dataset' | 'calibration' | 'data'> {
  const asUsual = calibration.images === before?.train || calibration.images === usual(before);
  const images = asUsual ? usual(dataset) : calibration.images;
  // no source makes text
  const source = dataset.text ? undefined : calibration.source;
  return {
    dataset,
    data: { descriptor, ...(descriptor.kind === 'shipped' ? { shipped: shippedData(model) } : {}) },
    calibration: { status: 'idle', images: source ? images : Math.min(images, dataset.train), source },
  };
}

/** How many calibrate where nobody asked for another number. */
function usual(dataset: DatasetSummary | undefined): number {
  return dataset?.text ? DEFAULT_WINDOWS : DEFAULT_IMAGES;
}

/** What was measured on other pictures, or on these in another form, goes; what was asked for stays. */
export function withoutResults({ calibration: { images, source } }: Experiment): Partial<Experiment> {
  return {
    precomputed: undefined,
    calibration: { status: 'idle', images, source },
    keep: undefined,
    cost: undefined,
    planKey: undefined,
    intact: undefined,
    result: undefined,
    details: {},
    rankings: {},
    ruleScores: {},
    sensitivity: undefined,
    history: EMPTY_HISTORY,
    sweepPoints: [],
    transformPoints: [],
    pendingSweep: undefined,
    frontierView: { hidden: [] },
  };
}

/** Tells results on some pictures, in some form, from others; empty for the shipped ones as the model wants them. */
export function picturesKey({ data, dataset, preprocessing, model }: Experiment): string {
  const { descriptor } = data;
  const own = descriptor.kind === 'shipped' ? '' : `/${descriptor.name} ${dataset ? dataset.train + dataset.test : 0}`;
  const form = encodePreprocessing(preprocessing);
  return form === encodePreprocessing(defaultPreprocessing(model)) ? own : `${own}/${form}`;
}

/** The code for it loads on first use. */
async function keepLater(session: Session, { name, files }: Extract<DataDescriptor, { kind: 'files' }>): Promise<void> {
  const { keepFiles } = await import('./keepFiles.ts');
  await keepFiles(session, 'data', name, files);
}
