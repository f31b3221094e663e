/** A plan names a group that the network does not have. */
export class UnknownGroupError extends Error {
  override readonly name = 'UnknownGroupError';
  constructor(group: string, known: readonly string[]) {
    super(`The network has no coupling group "${group}". It has: ${known.join(', ')}.`);
  }
}

/** A plan would leave a group without channels, and so cut the network in two. */
export class EmptyGroupError extends Error {
  override readonly name = 'EmptyGroupError';
  constructor(group: string) {
    super(`Group "${group}" would keep no channel. Keep at least one.`);
  }
}

/** A plan would leave a layer without channels, though its group has some: the layer has only a part of it. */
export class EmptyPartError extends Error {
  override readonly name = 'EmptyPartError';
  constructor(group: string, part: readonly number[]) {
    super(`Group "${group}" would leave a layer without channels. Keep at least one of ${part.slice(0, 20).join(', ')}.`);
  }
}

/** A plan cuts a group that must stay whole. */
export class FrozenGroupError extends Error {
  override readonly name = 'FrozenGroupError';
  constructor(group: string, reason: string) {
    super(`Group "${group}" cannot be cut: ${reason}. Leave it out of the plan.`);
  }
}

/** A plan's kept indices are not ascending, distinct and within the group. */
export class KeptIndicesError extends Error {
  override readonly name = 'KeptIndicesError';
  constructor(group: string, position: number, index: number, channels: number) {
    super(
      `Group "${group}": kept index ${index} at position ${position} is wrong. ` +
        `Indices must be whole, ascending, distinct and from 0 to ${channels - 1}.`,
    );
  }
}

/** A plan brings weights for a node that mixes no channels. */
export class NotAConsumerError extends Error {
  override readonly name = 'NotAConsumerError';
  constructor(node: string) {
    super(`The plan has weights for "${node}", which is not a convolution or dense layer of the network.`);
  }
}

/** A plan brings statistics for a node that stores none. */
export class NotANormError extends Error {
  override readonly name = 'NotANormError';
  constructor(node: string) {
    super(`The plan has statistics for "${node}", which is not a batch norm of the network.`);
  }
}
