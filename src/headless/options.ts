import { InvalidArgumentError, Option } from 'commander';
import { WRITTEN_FORMATS } from '../formats/modelFormats.ts';
import {
  ALLOCATIONS, COMPENSATIONS, DEFAULT_REQUEST, ORDERS, SELECTIONS, TARGET_KINDS, type BudgetTarget, type TargetKind,
} from '../pruning/pruneRequest.ts';
import { NO_RULES } from '../pruning/widthRules.ts';

export function modelOption(): Option {
  return new Option('--model <path>', 'model file, or folder that holds one: model.json, .onnx, .keras, .h5, config.json with .safetensors, or a zip').makeOptionMandatory();
}

export function toOption(): Option {
  return new Option('--to <format>', 'a TensorFlow.js layers model, ONNX, all weights as safetensors with plan.json, or (of a model that came so) Hugging Face’s layout').choices(WRITTEN_FORMATS);
}

export function imagesOption(what: string): Option {
  return new Option('--images <file.npy>', what).makeOptionMandatory();
}

export function textOption(what: string): Option {
  return new Option('--text <path>', what);
}

/** What calibrates: pictures, or text for a model that reads tokens. One of the two is to be given; `readCalibration` checks it. */
export interface CalibrationOptions {
  readonly images?: string;
  readonly text?: string;
  /** Of a text: windows that calibrate at most. */
  readonly windows: number;
}

export function calibrationOptions(images: string, text: string): readonly Option[] {
  return [
    new Option('--images <file.npy>', `${images}; or windows of token ids (count x tokens)`),
    textOption(text),
    new Option('--windows <n>', 'of a text: calibrate with at most so many windows, drawn by seed').argParser(positive).default(DEFAULT_WINDOWS),
  ];
}

/** Sequences that pruning papers calibrate language models with. */
const DEFAULT_WINDOWS = 128;

export function outOption(what: string): Option {
  return new Option('--out <path>', what).makeOptionMandatory();
}

export function seedOption(): Option {
  return new Option('--seed <n>', 'seed of everything random').argParser(integer).default(DEFAULT_REQUEST.seed);
}

export function selectOption(): Option {
  return new Option('--select <rule>', 'which channels stay').choices(SELECTIONS).default(DEFAULT_REQUEST.select);
}

export function compensateOption(): Option {
  return new Option('--compensate <method>', 'how the kept weights are refitted').choices(COMPENSATIONS).default(DEFAULT_REQUEST.compensate);
}

export function orderOption(): Option {
  return new Option('--order <order>', 'all layers from the intact network, or each from the pruned one before it')
    .choices(ORDERS)
    .default(DEFAULT_REQUEST.order);
}

export function allocateOption(): Option {
  return new Option('--allocate <rule>', 'how a cost is shared out: one keep fraction, one fidelity, or by the slopes of Theorem 3.1')
    .choices(ALLOCATIONS)
    .default(DEFAULT_REQUEST.allocate);
}

export function renormOption(): Option {
  return new Option('--renorm', 'measure the norm layers’ statistics again on the pruned network').default(DEFAULT_REQUEST.renorm);
}

export function imageLabelsOption(): Option {
  return new Option('--image-labels <file.npy>', 'classes of the calibration images; only for rules that need them (taylor)');
}

export function targetOption(): Option {
  return new Option('--target <kind=value>', `${TARGET_KINDS.map((kind) => `${kind}=0.5`).join(', ')}: what to keep at most; eta: fidelity to reach at least`)
    .argParser(budgetTarget)
    .makeOptionMandatory();
}

/** What a practitioner asks of widths beside the budget; `widthRules` turns it into the network's rules. */
export interface RuleOptions {
  readonly protect: readonly string[];
  readonly multiple: number;
  readonly floor: number;
  readonly set: readonly GroupWidth[];
  readonly atLeast: readonly GroupWidth[];
}

export interface GroupWidth {
  readonly group: string;
  readonly channels: number;
}

export function ruleOptions(): readonly Option[] {
  return [
    new Option('--protect <a,b,…>', 'groups, or layers, whose channels all stay').argParser(repeated((text) => text.split(',').map((name) => name.trim()))).default([], 'none'),
    new Option('--multiple <n>', 'widths are multiples of this, or whole').argParser(positive).default(NO_RULES.multiple),
    new Option('--floor <share>', 'least share of its channels that every group keeps').argParser(share).default(NO_RULES.floor),
    new Option('--set <group=channels>', 'width of one group, whatever the target; may be repeated').argParser(repeated((text) => [groupWidth(text)])).default([], 'none'),
    new Option('--at-least <group=channels>', 'least width of one group; may be repeated').argParser(repeated((text) => [groupWidth(text)])).default([], 'none'),
  ];
}

/** `macs=0.5` and the like. */
export function budgetTarget(text: string): BudgetTarget {
  const [kind, value, ...rest] = text.split('=');
  if (!isTargetKind(kind) || rest.length > 0) {
    throw new InvalidArgumentError(`Expected one of ${TARGET_KINDS.join(', ')} with a value, such as macs=0.5.`);
  }
  return { kind, value: fraction(value) };
}

/** A number in (0, 1]. */
export function fraction(text: string): number {
  const value = Number(text);
  if (text === undefined || text.trim() === '' || !(value > 0 && value <= 1)) {
    throw new InvalidArgumentError('Expected a number above 0 and at most 1.');
  }
  return value;
}

/** A number from 0 on. */
export function notNegative(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && Number.isFinite(value))) throw new InvalidArgumentError('Expected a number from 0 on.');
  return value;
}

/** A number in [0, 1]. */
export function share(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0 && value <= 1)) throw new InvalidArgumentError('Expected a number from 0 to 1.');
  return value;
}

/** A whole number from 1 on. */
export function positive(text: string): number {
  const value = integer(text);
  if (value < 1) throw new InvalidArgumentError('Expected a whole number from 1 on.');
  return value;
}

/** `group=channels`; the name may hold a `=` of its own. */
export function groupWidth(text: string): GroupWidth {
  const at = text.lastIndexOf('=');
  if (at < 1) throw new InvalidArgumentError('Expected a group with its channels, such as conv1=24.');
  return { group: text.slice(0, at).trim(), channels: positive(text.slice(at + 1)) };
}

export function integer(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError('Expected a whole number.');
  return value;
}

/** `a,b,c` through `parse`. */
export function list<T>(parse: (text: string) => T): (text: string) => T[] {
  return (text) => text.split(',').map((part) => parse(part.trim()));
}

/** An option that may be given again: what each time brings is added up. */
function repeated<T>(parse: (text: string) => readonly T[]): (text: string, before: readonly T[]) => readonly T[] {
  return (text, before) => [...before, ...parse(text)];
}

function isTargetKind(text: string): text is TargetKind {
  return (TARGET_KINDS as readonly string[]).includes(text);
}
