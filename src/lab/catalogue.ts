/** The models and the data that ship with the page. */
export interface CatalogueEntry {
  readonly id: string;
  readonly name: string;
  readonly task: string;
}

export const SHIPPED_MODELS: readonly CatalogueEntry[] = [
  { id: 'resnet20-cifar10', name: 'ResNet-20', task: 'CIFAR-10' },
  { id: 'vgg-cifar10', name: 'VGG', task: 'CIFAR-10' },
  { id: 'mobilenetv2-cifar10', name: 'MobileNetV2', task: 'CIFAR-10' },
];

export const DEFAULT_MODEL = SHIPPED_MODELS[0].id;
export const SHIPPED_DATA = 'CIFAR-10';
export const DATASET_FOLDER = 'data/cifar10/';

export function isShipped(id: string): boolean {
  return SHIPPED_MODELS.some((entry) => entry.id === id);
}

/** Absolute address of a shipped model's folder, whatever path the page itself stands at. */
export function modelFolder(id: string, base: string): string {
  return new URL(`models/${id}/`, base).href;
}

/** Calibration pictures of another world. */
export function otherFolder(base: string): string {
  return new URL('data/fashion-mnist-colour/', base).href;
}

export function datasetFolder(base: string): string {
  return new URL(DATASET_FOLDER, base).href;
}
