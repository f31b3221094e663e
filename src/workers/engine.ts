import simdUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import plainUrl from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import { transfer } from 'comlink';
import { PackedImages } from '../datasets/packedImages.ts';
import { backendMemory, deviceFault, startBackend } from '../engine/backend.ts';
import { calibrate } from '../engine/calibrate.ts';
import { computeLogits, logitError, perClass, shareEqual, topClasses, type Logits } from '../engine/evaluate.ts';
import { mostExciting } from '../engine/exciting.ts';
import { assertInputShape, type ImageSource } from '../engine/imageSource.ts';
import { CancelledError, type Job } from '../engine/job.ts';
import { Correlator } from '../engine/kernels/correlator.ts';
import { measureLatency } from '../engine/latency.ts';
import { layerTimes } from '../engine/layerTimes.ts';
import { pruneSequentially } from '../engine/sequential.ts';
import { costModel } from '../network/costModel.ts';
import { networkCosts } from '../network/costs.ts';
import { coupling } from '../network/coupling.ts';
import type { Network } from '../network/network.ts';
import type { PrunePlan } from '../network/prunePlan.ts';
import { inferShapes } from '../network/shapes.ts';
import { prune } from '../network/surgery.ts';
import { consumerLayers } from '../pruning/consumerLayers.ts';
import type { LayerTime } from '../pruning/layerChanges.ts';
import type { LayerSums } from '../pruning/statisticsStore.ts';
import { fetchBytes } from './fetchBytes.ts';
import { readModelSource } from './modelSource.ts';
import type {
  BackendChoice, BackendReport, CalibrationRequest, CalibrationSummary, DatasetSummary, EngineApi, Evaluation,
  EvaluationRequest, ExcitingPicture, JobId, Latency, LoadedModel, ModelSource, OnProgress, Picture, SequentialRequest,
  StatisticsMessage,
} from './protocol.ts';

/** Images looked through for those that excite a channel most. */
const EXCITING_POOL = 1000;

/** The engine worker: one network, one data set, one backend. Jobs may be cancelled by their id. */
export class Engine implements EngineApi {
  #correlator: Correlator | undefined;
  #network: Network | undefined;
  #data: PackedImages | undefined;
  /** Outputs of the intact network on the first test images, grown as they are needed. */
  #intact: Logits | undefined;
  readonly #jobs = new Map<JobId, AbortController>();

  async start(choice: BackendChoice): Promise<BackendReport> {
    const report = await startBackend(choice, {
      'tfjs-backend-wasm.wasm': plainUrl,
      'tfjs-backend-wasm-simd.wasm': simdUrl,
      // must be named but is never loaded: threads are off
      'tfjs-backend-wasm-threaded-simd.wasm': simdUrl,
    });
    if (report.name === 'wasm') this.#correlator = await Correlator.create();
    return report;
  }

  async loadModel(source: ModelSource, onProgress: OnProgress): Promise<LoadedModel> {
    const began = performance.now();
    const network = await readModelSource(source, (done, total) => {
      const rate = done / ((performance.now() - began) / 1000);
      onProgress({ done, total, rate, secondsLeft: total > done ? (total - done) / rate : 0 });
    });
    const shapes = inferShapes(network);
    const coupled = coupling(network);
    const { macs, parameters, bytes, nodes } = networkCosts(network);
    const input = network.nodes.find((node) => node.op === 'input');
    const inputShape = (input && shapes.get(input.id)) ?? [];
    if (this.#data) assertInputShape(this.#data, inputShape);
    this.#network = network;
    this.#intact = undefined;
    return {
      network,
      inputShape,
      groups: coupled.groups,
      costModel: costModel(network, coupled),
      cost: { macs, params: parameters, bytes },
      nodes: network.nodes.map(({ id, op }) => ({
        id,
        op,
        shape: shapes.get(id) ?? [],
        macs: nodes.get(id)?.macs ?? 0,
        params: nodes.get(id)?.parameters ?? 0,
      })),
    };
  }

  async loadDataset(url: string): Promise<DatasetSummary> {
    const folder = url.replace(/\/?$/, '/');
    const data = await PackedImages.open((file) => fetchBytes(new URL(file, folder).href));
    this.#data = data;
    this.#intact = undefined;
    const { id, name, classes, shape } = data;
    return { id, name, classes, shape, train: data.count('train'), test: data.count('test') };
  }

  async calibrate(job: JobId, request: CalibrationRequest, port: MessagePort, onProgress: OnProgress): Promise<CalibrationSummary> {
    const network = this.#loaded();
    const began = performance.now();
    const post = (message: StatisticsMessage, buffers: Transferable[] = []) => port.postMessage(message, buffers);
    try {
      await this.#run(job, onProgress, (options) =>
        calibrate(
          network,
          consumerLayers(network, coupling(network)),
          this.#calibrationImages(request),
          this.#correlator,
          (batch) => post({ kind: 'batch', ...batch }, buffersOf(batch.layers)),
          options,
        ),
      );
    } finally {
      post({ kind: 'end' });
      port.close();
    }
    return { images: request.images, seconds: (performance.now() - began) / 1000 };
  }

  async pruneSequentially(job: JobId, request: SequentialRequest, onProgress: OnProgress): Promise<PrunePlan> {
    const plan = await this.#run(job, onProgress, (options) =>
      pruneSequentially(
        this.#loaded(), request.keep, request.compensate, this.#calibrationImages(request), this.#correlator, options,
      ),
    );
    return transfer(plan, Object.values(plan.weights).map(({ kernel }) => kernel.values.buffer as ArrayBuffer));
  }

  async evaluate(job: JobId, { plan, images }: EvaluationRequest, onProgress: OnProgress): Promise<Evaluation> {
    const network = this.#loaded();
    const began = performance.now();
    return this.#run(job, onProgress, async (options) => {
      const intact = await this.#intactLogits(network, images, plan ? { signal: options.signal } : options);
      const logits = plan ? await computeLogits(prune(network, plan), this.#testImages(0, images), options) : head(intact, images);
      const labels = Int32Array.from((await this.#dataset().labels('test')).subarray(0, images));
      const predictions = topClasses(logits);
      return {
        images,
        accuracy: shareEqual(predictions, labels),
        agreement: shareEqual(predictions, topClasses(head(intact, images))),
        logitError: logitError(intact, logits),
        perClass: perClass(predictions, labels, logits.classes),
        predictions,
        labels,
        seconds: (performance.now() - began) / 1000,
      };
    });
  }

  async latency(job: JobId, { plan, batch }: { readonly plan?: PrunePlan; readonly batch: number }): Promise<Latency> {
    const network = this.#loaded();
    return this.#run(job, undefined, (options) => measureLatency(plan ? prune(network, plan) : network, batch, options));
  }

  async layerTimes(
    job: JobId,
    { plan, batch }: { readonly plan?: PrunePlan; readonly batch: number },
    onProgress: OnProgress,
  ): Promise<readonly LayerTime[]> {
    const network = this.#loaded();
    return this.#run(job, onProgress, (options) => layerTimes(plan ? prune(network, plan) : network, batch, options));
  }

  async exciting(
    job: JobId,
    { node, channel, count }: { readonly node: string; readonly channel: number; readonly count: number },
  ): Promise<readonly ExcitingPicture[]> {
    const pool = Math.min(EXCITING_POOL, this.#dataset().count('test'));
    const found = await this.#run(job, undefined, (options) =>
      mostExciting(this.#loaded(), node, channel, this.#testImages(0, pool), count, options),
    );
    const pictures = await this.pictures('test', found.map(({ index }) => index));
    return pictures.map((picture, k) => ({ ...picture, activation: found[k].activation }));
  }

  async pictures(split: 'train' | 'test', indices: readonly number[]): Promise<readonly Picture[]> {
    const data = this.#dataset();
    const [pixels, labels] = await Promise.all([data.pixels(split, indices), data.labels(split)]);
    const [height, width, channels] = data.shape;
    return indices.map((index, k) => {
      const rgba = new Uint8ClampedArray(height * width * 4).fill(255);
      for (let t = 0; t < height * width; t++) {
        for (let i = 0; i < channels; i++) rgba[t * 4 + i] = pixels[(k * height * width + t) * channels + i];
      }
      return { index, width, height, rgba, label: labels[index] };
    });
  }

  async cancel(job: JobId): Promise<void> {
    this.#jobs.get(job)?.abort();
  }

  async memory(): Promise<{ readonly tensors: number; readonly bytes: number }> {
    return backendMemory();
  }

  async #run<T>(job: JobId, onProgress: OnProgress | undefined, work: (options: Job) => Promise<T>): Promise<T> {
    const controller = new AbortController();
    this.#jobs.set(job, controller);
    try {
      return await work({ signal: controller.signal, onProgress: throttled(onProgress) });
    } catch (error) {
      throw (error instanceof CancelledError ? undefined : await deviceFault(error)) ?? error;
    } finally {
      this.#jobs.delete(job);
    }
  }

  /** Intact logits of at least `images` test images; computes only those that are missing. */
  async #intactLogits(network: Network, images: number, options: Job): Promise<Logits> {
    const [known, data] = [this.#intact, this.#data];
    const first = known?.images ?? 0;
    if (known && first >= images) return known;
    const more = await computeLogits(network, this.#testImages(first, images - first), options);
    const values = new Float32Array(images * more.classes);
    if (known) values.set(known.values);
    values.set(more.values, first * more.classes);
    const intact = { images, classes: more.classes, values };
    // not over those of a model or data set that was loaded meanwhile, nor of a longer run beside this one
    const current = network === this.#network && data === this.#data;
    if (current && images > (this.#intact?.images ?? 0)) this.#intact = intact;
    return intact;
  }

  #calibrationImages({ images, seed }: CalibrationRequest): ImageSource {
    const data = this.#dataset();
    return data.source('train', data.calibrationIndices(Math.min(images, data.count('train')), seed));
  }

  #testImages(first: number, count: number): ImageSource {
    return this.#dataset().source('test', Array.from({ length: count }, (_, k) => first + k));
  }

  #loaded(): Network {
    if (!this.#network) throw new Error('No model is loaded.');
    return this.#network;
  }

  #dataset(): PackedImages {
    if (!this.#data) throw new Error('No data set is loaded.');
    return this.#data;
  }
}

function buffersOf(layers: readonly LayerSums[]): ArrayBuffer[] {
  return layers.flatMap((sums) => ('gram' in sums ? [sums.gram] : Object.values(sums.contributions) as Float64Array[])).map(({ buffer }) => buffer as ArrayBuffer);
}

function head({ classes, values }: Logits, images: number): Logits {
  return { images, classes, values: values.subarray(0, images * classes) };
}

/** At most about twenty reports a second, and the last one always. */
function throttled(onProgress: OnProgress | undefined): OnProgress | undefined {
  if (!onProgress) return undefined;
  let last = -Infinity;
  return (progress) => {
    const now = performance.now();
    if (now - last < 50 && progress.done < progress.total) return;
    last = now;
    onProgress(progress);
  };
}
