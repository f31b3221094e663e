import type { Preprocessing } from '../datasets/preprocessing.ts';
import { DEFAULT_REQUEST } from '../pruning/pruneRequest.ts';
import { NO_RULES } from '../pruning/widthRules.ts';
import { defaultPreprocessing, type DataDescriptor, type Experiment, type ModelDescriptor } from './experiment.ts';
import type { FragmentState } from './fragment.ts';
import type { Session } from './session.ts';
import { notify } from './store.ts';

/** What is to be opened; what is absent stays as it is. */
export interface Wanted {
  readonly model?: ModelDescriptor;
  readonly data?: DataDescriptor;
  /** Absent with a model: as that asks for it. */
  readonly preprocessing?: Preprocessing;
}

/** What a link leaves to be opened. */
export interface LinkWants {
  /** At once, where it is other than what is here. */
  readonly wanted: Wanted;
  /** With the model on another origin that the person is asked about, if they agree. */
  readonly afterConfirming?: Wanted;
}

/** Takes over the settings of a link, and says what it refers to that a link cannot carry. */
export function applyLink({ store, environment }: Session, state: FragmentState): LinkWants {
  const before = store.getState();
  store.setState({
    // a link from before there were these means their defaults
    request: { ...before.request, rules: NO_RULES, allocate: DEFAULT_REQUEST.allocate, renorm: DEFAULT_REQUEST.renorm, ...state.request },
    pins: state.pins ?? {},
    calibration: { ...before.calibration, images: state.images ?? before.calibration.images, source: state.source },
    ...(state.group === undefined ? {} : { selectedGroup: state.group }),
    ...(state.axis === undefined ? {} : { axis: state.axis }),
  });
  const data = wantedData(store, state, before);
  const { model, preprocessing } = state;
  const { descriptor, loaded } = before.model;
  const rest: Wanted = { ...(data ? { data } : {}), ...(preprocessing ? { preprocessing } : {}) };
  if (model?.kind === 'url' && new URL(model.url).origin !== new URL(environment.baseUrl).origin) {
    store.setState({ urlToConfirm: model.url });
    return { wanted: !loaded && data ? { data } : {}, afterConfirming: rest };
  }
  if (model?.kind === 'files') {
    if (descriptor.kind !== 'files' && descriptor.kind !== 'kept') notify(store, 'info', `This link was made with the files “${model.name}”, which a link cannot carry.`, { advice: 'Open them here to go on with the same settings.' });
    return { wanted: rest };
  }
  const wanted = model ?? descriptor;
  if (loaded && sameDescriptor(wanted, descriptor)) return { wanted: { preprocessing: defaultPreprocessing(before.model), ...rest } };
  if (!loaded && wanted.kind === 'shipped') store.setState({ model: { descriptor: wanted } });
  return { wanted: { ...rest, model: wanted } };
}

/** The pictures that a link asks for, where they are others than those that are here. */
function wantedData(store: Session['store'], { data }: FragmentState, { data: { descriptor } }: Experiment): DataDescriptor | undefined {
  if (data?.kind === 'files') {
    if (descriptor.kind === 'shipped') notify(store, 'info', `This link was made with the pictures “${data.name}”, which a link cannot carry.`, { advice: 'Add them here to go on with the same settings.' });
    return undefined;
  }
  const wanted: DataDescriptor = data ?? { kind: 'shipped' };
  return sameDescriptor(wanted, descriptor) ? undefined : wanted;
}

function sameDescriptor(a: ModelDescriptor | DataDescriptor, b: ModelDescriptor | DataDescriptor): boolean {
  return a.kind === b.kind && JSON.stringify(a) === JSON.stringify(b);
}
