import { DEFAULT_REQUEST, SELECTIONS, type Allocation, type Compensation, type Order, type Selection, type TargetKind } from '../pruning/pruneRequest.ts';
import { SELECTION_RULES } from '../pruning/selections.ts';
import type { DataDescriptor, FrontierAxis, Method, ModelDescriptor, ModelState, PlanSettings } from './experiment.ts';
import { SHIPPED_DATA, SHIPPED_MODELS, shippedData } from './catalogue.ts';
import { percent } from './format.ts';
import { methodOf } from './method.ts';
import { rulesLabel } from './rules.ts';

export const SELECTION_LABELS = Object.fromEntries(SELECTIONS.map((select) => [select, SELECTION_RULES[select].label])) as Readonly<Record<Selection, string>>;
export const COMPENSATION_LABELS: Readonly<Record<Compensation, string>> = { none: 'none', scale: 'scale', leastSquares: 'least squares', leastSquaresBias: 'least squares + bias', leastSquaresRelu: 'least squares behind ReLU' };
export const ORDER_LABELS: Readonly<Record<Order, string>> = { oneShot: 'one-shot', sequential: 'sequential' };
export const ALLOCATION_LABELS: Readonly<Record<Allocation, string>> = { uniform: 'uniform', eta: 'equal η', theory: 'by theory' };
export const TARGET_LABELS: Readonly<Record<TargetKind, string>> = { macs: 'MACs', params: 'params', latency: 'time', channels: 'channels', eta: 'η' };
export const AXIS_LABELS: Readonly<Record<FrontierAxis, string>> = { macs: 'MACs', params: 'parameters', latency: 'milliseconds' };

/** "singleton + least squares", "L1"; the rest is named only where it is not the usual. */
export function methodLabel({ select, compensate, order, allocate, renorm }: Method): string {
  return [
    SELECTION_LABELS[select] + (compensate === 'none' ? '' : ` + ${COMPENSATION_LABELS[compensate]}`),
    ...(compensate !== 'none' && order === 'oneShot' ? [ORDER_LABELS.oneShot] : []),
    ...(allocate === DEFAULT_REQUEST.allocate ? [] : [ALLOCATION_LABELS[allocate]]),
    ...(renorm ? ['norms again'] : []),
  ].join(', ');
}

export function planLabel({ request, pins }: PlanSettings): string {
  const value = request.target.kind === 'eta' ? `η ≥ ${request.target.value.toFixed(2)}` : `${percent(request.target.value, 0)} ${TARGET_LABELS[request.target.kind]}`;
  const byHand = Object.values(pins).some((channels) => Object.keys(channels).length > 0) ? ', by hand' : '';
  const rules = rulesLabel(request.rules);
  return `${methodLabel(methodOf(request))}, ${value}${rules && `, ${rules}`}${byHand}`;
}

export function modelLabel(descriptor: ModelDescriptor): string {
  switch (descriptor.kind) {
    case 'shipped':
      return SHIPPED_MODELS.find(({ id }) => id === descriptor.id)?.name ?? descriptor.id;
    case 'url':
      return descriptor.url.replace(/\/((model|config)\.json)?$/, '').split('/').at(-1) || descriptor.url;
    case 'files':
    case 'kept':
      return descriptor.name;
  }
}

/** Of the shipped data, those that go with the model. */
export function dataLabel(descriptor: DataDescriptor, model: ModelState): string {
  return descriptor.kind === 'shipped' ? SHIPPED_DATA[shippedData(model)].name : descriptor.name;
}
