import { asStored, picked, type CalibrationDraw, type DrawnPictures } from '../datasets/calibrationDraw.ts';
import { REAL_PICTURES, SOURCE_KINDS, type CalibrationSource } from '../datasets/calibrationSource.ts';
import type { ImageSet, PictureSource } from '../datasets/imageSet.ts';
import { pictureSource } from '../datasets/pictureSource.ts';
import type { Preprocessing } from '../datasets/preprocessing.ts';
import { SOURCE_NAMES } from '../datasets/sourceNames.ts';
import { shifted, type PictureShift } from '../datasets/synthetic/pictureShift.ts';
import { preprocessed } from '../datasets/synthetic/syntheticPictures.ts';
import { balanced, longTailed, without } from './classBalance.ts';
import type { SensitivityGrid } from './grid.ts';
import { SENSITIVITY_FAMILIES, type SensitivityFamily } from './results.ts';

/** Pictures of one kind, as the network takes them. */
export interface ConditionPictures {
  /** What calibrates. */
  readonly images: PictureSource;
  /** What forget and retain pictures are chosen among, in this order; begins with other pictures of the same kind, or with these. */
  readonly pool: PictureSource;
  /** The class of each picture of the pool; absent where nobody said. */
  readonly labels?: ArrayLike<number>;
}

/** One kind of calibration pictures. */
export interface Condition {
  readonly family: SensitivityFamily;
  readonly label: string;
  /** How many are asked for. */
  readonly images: number;
  /** Equal for conditions of the same pictures. */
  readonly key: string;
  /** Rejects where they cannot be had. */
  readonly take: () => Promise<ConditionPictures>;
}

/** What conditions draw from. */
export interface ConditionSetting {
  readonly draw: (source: CalibrationSource) => Promise<CalibrationDraw>;
  readonly preprocessing: Preprocessing;
  /** Classes that the network tells apart. */
  readonly classes: number;
  readonly forgetClass: number;
  readonly seed: number;
  /** The classes that the network itself gives pictures: for those that nobody labelled. */
  readonly predict: (images: PictureSource) => Promise<ArrayLike<number>>;
  /** Pictures of another world; absent: that shift is left out. */
  readonly other?: () => Promise<ImageSet>;
  /** The pictures are no pixels: shifts of pixels are left out. */
  readonly prepared?: boolean;
}

const SHIFTS = (seed: number): readonly { readonly label: string; readonly shift: PictureShift }[] => [
  { label: 'blurred, 1 pixel', shift: { kind: 'blur', deviation: 1 } },
  { label: 'noisy, 25 of 255', shift: { kind: 'noise', deviation: 25, seed } },
  { label: 'hue turned by 90°', shift: { kind: 'hue', degrees: 90 } },
];

/** Pictures among which those of a class are looked for. */
const POOL = 2048;
/** Real ones, whose labels are known, cost nothing to look through. */
const LABELLED_POOL = 8192;

/** Every condition, in the order in which they are measured and shown. */
export function conditionsOf(setting: ConditionSetting, { images, counts, families = SENSITIVITY_FAMILIES }: SensitivityGrid): readonly Condition[] {
  const { seed, classes, forgetClass, preprocessing, prepared = false, other } = setting;
  const real = async (count: number) => (await setting.draw(REAL_PICTURES))(count, seed);
  const drawn = async (source: CalibrationSource, count: number): Promise<ConditionPictures> => {
    const draw = await setting.draw(source);
    // what pictures were made for is not what the network sees in them
    const labels = source.kind === 'pictures' ? await draw(LABELLED_POOL, seed).labels() : undefined;
    return { images: draw(count, seed), pool: draw(labels ? LABELLED_POOL : POOL, seed), ...(labels ? { labels } : {}) };
  };
  const ofBalance = (label: string, choose: (labels: ArrayLike<number>, count: number) => number[]): Condition => ({
    family: 'balance',
    label,
    images,
    key: label,
    take: async () => {
      const all = await real(LABELLED_POOL);
      const labels = (await all.labels()) ?? (await setting.predict(all));
      const places = choose(labels, 4 * images);
      return { images: picked(all, choose(labels, images)), pool: picked(all, places), labels: places.map((place) => labels[place]) };
    },
  });
  const ofShift = ({ label, shift }: ReturnType<typeof SHIFTS>[number]): Condition => ({
    family: 'shift',
    label,
    images,
    key: label,
    take: async () => {
      const all = await real(LABELLED_POOL);
      const labels = await all.labels();
      return { images: changed(await real(images), shift, preprocessing), pool: changed(all, shift, preprocessing), ...(labels ? { labels } : {}) };
    },
  });
  const all = [
    ...SOURCE_KINDS.map((kind): Condition => ({ family: 'source', label: SOURCE_NAMES[kind], images, key: `${kind} ${images}`, take: () => drawn({ kind }, images) })),
    ...counts.map((count): Condition => ({ family: 'count', label: `${count} real pictures`, images: count, key: `${REAL_PICTURES.kind} ${count}`, take: () => drawn(REAL_PICTURES, count) })),
    ofBalance('balanced', (labels, count) => balanced(labels, classes, count)),
    ofBalance('long-tailed, 100 to 1', (labels, count) => longTailed(labels, classes, count, forgetClass)),
    ofBalance('one class missing', (labels, count) => without(labels, classes, count, (forgetClass + 1) % classes)),
    ...(prepared ? [] : SHIFTS(seed).map(ofShift)),
    ...(other
      ? [{
          family: 'shift' as const,
          label: 'Fashion-MNIST in colour',
          images,
          key: 'other',
          take: async () => {
            const set = await other();
            const draw = (count: number) => pictureSource(set, 'train', set.calibrationIndices(Math.min(count, set.count('train')), seed), preprocessing);
            return { images: draw(images), pool: draw(POOL) };
          },
        }]
      : []),
  ];
  return all.filter(({ family }) => families.includes(family));
}

/** Shifted as pixels, and then as the network takes them. */
function changed(pictures: DrawnPictures, shift: PictureShift, preprocessing: Preprocessing): PictureSource {
  return preprocessed(shifted(asStored(pictures), shift), preprocessing);
}
