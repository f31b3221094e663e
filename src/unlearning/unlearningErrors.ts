/** There is no picture of what is to be forgotten, or of what is to stay. */
export class EmptyClassError extends Error {
  override readonly name = 'EmptyClassError';
  constructor(what: 'forget' | 'retain') {
    super(`There are no ${what} pictures. Give pictures ${what === 'forget' ? 'of the class to forget' : 'of the classes that stay'}.`);
  }
}

/** Fewest pictures of either kind. */
export const LEAST_PICTURES = 8;

/** Statistics of so few pictures say nothing of a class. */
export class TooFewPicturesError extends Error {
  override readonly name = 'TooFewPicturesError';
  constructor(what: 'forget' | 'retain', count: number) {
    super(`There ${count === 1 ? 'is 1' : `are ${count}`} ${what} picture${count === 1 ? '' : 's'}; at least ${LEAST_PICTURES} are needed, 256 are good.`);
  }
}

/** No class was chosen. */
export class NoClassChosenError extends Error {
  override readonly name = 'NoClassChosenError';
  constructor() {
    super('No class to forget was chosen. Choose one or several.');
  }
}

/** A class number that the network has no output for. */
export class ClassRangeError extends Error {
  override readonly name = 'ClassRangeError';
  constructor(found: number, classes: number) {
    super(`Class ${found} is out of range: the network has ${classes} classes, numbered 0 to ${classes - 1}.`);
  }
}

/** Nothing would be left to know. */
export class AllClassesError extends Error {
  override readonly name = 'AllClassesError';
  constructor(classes: number) {
    super(`All ${classes} classes are chosen to be forgotten. Leave out at least one.`);
  }
}

/** The network puts no forget picture in the class: there is nothing to forget, or the pictures are of another class. */
export class NeverPredictedError extends Error {
  override readonly name = 'NeverPredictedError';
  constructor(label: number, pictures: number, instead: number) {
    super(
      `The network puts none of the ${pictures} forget pictures in class ${label} (most in class ${instead}): ` +
        'it does not know the class, or these are pictures of another.',
    );
  }
}

/** Every retain picture is of a class that is to be forgotten, as far as the network can tell. */
export class RetainPicturesError extends Error {
  override readonly name = 'RetainPicturesError';
  constructor(pictures: number) {
    super(`The network puts all ${pictures} retain pictures in a class that is to be forgotten. Give pictures of the classes that stay.`);
  }
}

/** The network's output is not a score for each of several classes. */
export class NoClassScoresError extends Error {
  override readonly name = 'NoClassScoresError';
  constructor(network: string, shape: readonly number[]) {
    super(`The output of "${network}" has shape [${shape.join(', ')}]; unlearning needs a score for each of two or more classes.`);
  }
}

/** The network has no layer that can be edited. */
export class NothingToEditError extends Error {
  override readonly name = 'NothingToEditError';
  constructor(network: string, head: boolean) {
    super(`"${network}" has no ${head ? '' : 'other '}layer whose channels may leave${head ? '' : ' than the head'}.`);
  }
}

/** A setting outside of what makes sense. */
export class UnlearnSettingError extends Error {
  override readonly name = 'UnlearnSettingError';
  constructor(setting: string, found: number, expected: string) {
    super(`${setting} is ${found}; expected ${expected}.`);
  }
}

/** No one layer gives the class scores, so there are no features that a probe could read. */
export class HeadNotFoundError extends Error {
  override readonly name = 'HeadNotFoundError';
  constructor(network: string) {
    super(`The class scores of "${network}" do not come directly from a convolution or dense layer, so there are no features to probe.`);
  }
}
