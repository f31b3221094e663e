/** Classes of some pictures, or why they have none. */
export type PictureClasses =
  | { readonly classes: readonly string[]; readonly labels: Int32Array; readonly reason?: undefined }
  | { readonly classes?: undefined; readonly labels?: undefined; readonly reason: string };

/** What the labels must fit: the network's outputs, and their names where its card gives them. */
export interface Outputs {
  readonly count: number;
  readonly names?: readonly string[];
}

/**
 * The class of each picture by the folder that it lies in. Folder names are, in this order: names
 * of the network's outputs; numbers of its outputs; or, where there are as many folders as
 * outputs, classes in the order of their names.
 */
export function classesOfFolders(paths: readonly string[], outputs: Outputs): PictureClasses {
  const folders = paths.map((path) => path.split('/').at(-2));
  const loose = folders.filter((folder) => folder === undefined).length;
  if (loose === paths.length) return { reason: 'No sub-folders name their classes.' };
  if (loose > 0) return { reason: `${loose} of them lie in no sub-folder, so folders cannot name classes.` };
  const names = [...new Set(folders as string[])].sort(ORDER.compare);

  const known = new Map(outputs.names?.map((name, index) => [plain(name), index]));
  if (outputs.names?.length === outputs.count && names.every((name) => known.has(plain(name)))) {
    return { classes: outputs.names, labels: Int32Array.from(folders, (folder) => known.get(plain(folder ?? '')) ?? -1) };
  }
  if (names.every((name) => /^\d{1,6}$/.test(name) && Number(name) < outputs.count)) {
    return { classes: numbered(outputs), labels: Int32Array.from(folders, Number) };
  }
  if (names.length === outputs.count) {
    const places = new Map(names.map((name, index) => [name, index]));
    return { classes: names, labels: Int32Array.from(folders, (folder) => places.get(folder ?? '') ?? -1) };
  }
  if (names.length === 1) return { reason: 'They lie in one folder, which names no classes.' };
  return { reason: `They lie in ${names.length} folders, but the network has ${outputs.count} outputs, and no folder is named after one of them.` };
}

/** The classes of pictures whose labels are numbers of a file of their own. */
export function classesOfNumbers(numbers: ArrayLike<number>, outputs: Outputs): PictureClasses {
  const labels = Int32Array.from(numbers);
  const bad = labels.findIndex((label, at) => label !== numbers[at] || label < 0 || label >= outputs.count);
  if (bad >= 0) return { reason: `Label ${numbers[bad]} of picture ${bad} is no output of the network, which has ${outputs.count}.` };
  return { classes: outputs.names?.length === outputs.count ? outputs.names : numbered(outputs), labels };
}

function numbered({ count, names }: Outputs): readonly string[] {
  return names?.length === count ? names : Array.from({ length: count }, (_, index) => String(index));
}

function plain(name: string): string {
  return name.trim().toLowerCase().replaceAll(/[\s_-]+/g, ' ');
}

const ORDER = new Intl.Collator('en', { numeric: true });
