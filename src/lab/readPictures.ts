import type { DatasetSummary, EngineApi, JobId, OnProgress } from '../workers/protocol.ts';
import { datasetFolder, readsText, shippedData } from './catalogue.ts';
import type { DataDescriptor, Experiment } from './experiment.ts';

/** Lets the engine read these data: the shipped ones that go with the network, or a person's own as the network that it has takes them. */
export function readPictures(
  api: EngineApi,
  job: JobId,
  descriptor: DataDescriptor,
  { preprocessing: { fit }, model }: Pick<Experiment, 'preprocessing' | 'model'>,
  baseUrl: string,
  onProgress: OnProgress = () => {},
): Promise<DatasetSummary> {
  if (descriptor.kind === 'shipped') return api.loadDataset(datasetFolder(shippedData(model), baseUrl));
  if (readsText(model.loaded)) return api.loadText(job, { source: descriptor }, onProgress);
  const { card } = model;
  return api.loadPictures(job, { source: descriptor, fit, ...(card?.classes ? { classNames: card.classes } : {}) }, onProgress);
}
