import { layerChanges, withTimes, type LayerChange } from '../pruning/layerChanges.ts';
import { slowLayersNote } from '../pruning/slowLayers.ts';
import { speedNote } from '../pruning/speedNote.ts';
import { toCsv } from './csv.ts';
import type { Experiment } from './experiment.ts';
import { networkCoupling } from './networkCoupling.ts';
import { shownLayerTimes } from './layerTimesKnown.ts';

export interface LayerTable {
  /** Every layer in execution order. */
  readonly layers: readonly LayerChange[];
  readonly timed: boolean;
  /** Where fewer MACs did not make it faster. */
  readonly note?: string;
}

type Shown = Pick<Experiment, 'model' | 'backend' | 'keep' | 'cost' | 'planKey' | 'layerTimes' | 'intact' | 'result'>;

/** Every layer before and after the plan on screen; undefined while there is no model. */
export function layerTable(experiment: Shown): LayerTable | undefined {
  const { model: { loaded }, keep, cost, planKey, intact, result } = experiment;
  if (!loaded) return undefined;
  const changes = layerChanges(loaded.network, networkCoupling(loaded.network), keep ?? {});
  const times = shownLayerTimes(experiment);
  const layers = times ? withTimes(changes, times.intact, times.pruned) : changes;
  const [before, after] = [intact?.latency, result?.key === planKey ? result?.latency : undefined];
  const macs = { before: loaded.cost.macs, after: cost?.macs ?? loaded.cost.macs };
  const whole = before !== undefined && after !== undefined ? speedNote({ macs, milliseconds: { before, after } }) : undefined;
  const note = [whole, slowLayersNote(layers)].filter((text) => text !== undefined).join(' ');
  return { layers, timed: times !== undefined, ...(note === '' ? {} : { note }) };
}

/** One record a layer. */
export function layersCsv({ layers }: Pick<LayerTable, 'layers'>): string {
  const header = ['layer', 'op', ...['in', 'out', 'parameters', 'macs', 'milliseconds'].flatMap((name) => [`${name}_before`, `${name}_after`]), 'timed_with'];
  return toCsv(
    header,
    layers.map(({ layer, op, channels, parameters, macs, milliseconds, timedWith }) => [
      layer, op, ...[channels.in, channels.out, parameters, macs, milliseconds].flatMap((change) => [change?.before, change?.after]), timedWith,
    ]),
  );
}
