import type { LoadedModel } from '../workers/protocol.ts';

export type ShippedDataId = 'cifar10' | 'novels';

/** The models and the data that ship with the page. */
export interface CatalogueEntry {
  readonly id: string;
  readonly name: string;
  readonly task: string;
  /** What it is scored and measured with, unless a person brings their own. */
  readonly data: ShippedDataId;
  /** What the model is opened by; absent: `model.json`. */
  readonly file?: 'config.json';
}

export const SHIPPED_MODELS: readonly CatalogueEntry[] = [
  { id: 'resnet20-cifar10', name: 'ResNet-20', task: 'CIFAR-10', data: 'cifar10' },
  { id: 'vgg-cifar10', name: 'VGG', task: 'CIFAR-10', data: 'cifar10' },
  { id: 'mobilenetv2-cifar10', name: 'MobileNetV2', task: 'CIFAR-10', data: 'cifar10' },
  { id: 'vit-cifar10', name: 'ViT', task: 'CIFAR-10', data: 'cifar10', file: 'config.json' },
  { id: 'swin-cifar10', name: 'Swin', task: 'CIFAR-10', data: 'cifar10', file: 'config.json' },
  { id: 'novels-lm', name: 'Novels LM', task: 'next word', data: 'novels', file: 'config.json' },
];

export const DEFAULT_MODEL = SHIPPED_MODELS[0].id;
export const SHIPPED_DATA: Readonly<Record<ShippedDataId, { readonly name: string; readonly text: boolean }>> = {
  cifar10: { name: 'CIFAR-10', text: false },
  novels: { name: 'Novels', text: true },
};

export function isShipped(id: string): boolean {
  return SHIPPED_MODELS.some((entry) => entry.id === id);
}

/** True of a network whose input are token ids, once it is loaded. */
export function readsText(loaded: LoadedModel | undefined): boolean {
  return loaded?.network.nodes.some((node) => node.op === 'input' && node.attributes.vocabulary !== undefined) ?? false;
}

/** The shipped data that go with a model: those of its entry; of a model that a person brought, those that it can read. */
export function shippedData({ descriptor, loaded }: { readonly descriptor: { readonly kind: string; readonly id?: string }; readonly loaded?: LoadedModel }): ShippedDataId {
  const entry = descriptor.kind === 'shipped' ? SHIPPED_MODELS.find(({ id }) => id === descriptor.id) : undefined;
  return entry?.data ?? (readsText(loaded) ? 'novels' : 'cifar10');
}

/** Absolute address that a shipped model is opened by. */
export function modelAddress(id: string, base: string): string {
  return new URL(SHIPPED_MODELS.find((entry) => entry.id === id)?.file ?? '', modelFolder(id, base)).href;
}

/** Absolute address of a shipped model's folder, whatever path the page itself stands at. */
export function modelFolder(id: string, base: string): string {
  return new URL(`models/${id}/`, base).href;
}

/** Calibration pictures of another world. */
export function otherFolder(base: string): string {
  return new URL('data/fashion-mnist-colour/', base).href;
}

export function datasetFolder(id: ShippedDataId, base: string): string {
  return new URL(`data/${id}/`, base).href;
}
