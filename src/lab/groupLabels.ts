import type { CouplingGroup } from '../network/couplingGroup.ts';
import type { LoadedModel } from '../workers/protocol.ts';
import type { StageLabels } from './groupLabel.ts';
import { labelsByStructure } from './labelsByStructure.ts';
import { stageLabels } from './labelsByName.ts';

/** Headings and readable names for all groups that may be cut. Without a network they are read off the groups' own names. */
export function groupLabels(all: readonly CouplingGroup[], loaded?: Pick<LoadedModel, 'network' | 'nodes'>): readonly StageLabels[] {
  const groups = all.filter(({ frozen }) => frozen === undefined);
  return (loaded && labelsByStructure(loaded.network, groups, loaded.nodes)) ?? stageLabels(groups, loaded?.nodes);
}
