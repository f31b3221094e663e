import type { DatasetSummary, EngineApi, JobId, OnProgress } from '../workers/protocol.ts';
import { datasetFolder } from './catalogue.ts';
import type { DataDescriptor, Experiment } from './experiment.ts';

/** Lets the engine read these pictures, a person's own at the size of the network that it has. */
export function readPictures(
  api: EngineApi,
  job: JobId,
  descriptor: DataDescriptor,
  { preprocessing: { fit }, model: { card } }: Pick<Experiment, 'preprocessing' | 'model'>,
  baseUrl: string,
  onProgress: OnProgress = () => {},
): Promise<DatasetSummary> {
  if (descriptor.kind === 'shipped') return api.loadDataset(datasetFolder(baseUrl));
  return api.loadPictures(job, { source: descriptor, fit, ...(card?.classes ? { classNames: card.classes } : {}) }, onProgress);
}
