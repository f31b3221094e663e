/** What one component of a group is called, and several of them. */
export interface Unit {
  readonly one: string;
  readonly many: string;
}

export const CHANNELS: Unit = { one: 'channel', many: 'channels' };

export interface GroupLabel {
  readonly name: string;
  /** Within its stage: "block 2", "stream". */
  readonly short: string;
  /** By itself: "Stage 2, block 2". */
  readonly full: string;
  readonly unit: Unit;
}

export interface StageLabels {
  /** Empty where there are no stages. */
  readonly title: string;
  readonly groups: readonly GroupLabel[];
}

/** The label of one group; its name where there is none. */
export function labelOf(stages: readonly StageLabels[] | undefined, name: string): GroupLabel {
  for (const { groups } of stages ?? []) {
    const found = groups.find((label) => label.name === name);
    if (found) return found;
  }
  return { name, short: name, full: name, unit: CHANNELS };
}
