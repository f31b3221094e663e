import { encodeSource } from '../datasets/sourceText.ts';
import type { Cost, Evaluation } from '../workers/protocol.ts';
import type { Keep, PlanSettings } from './experiment.ts';
import { methodOf } from './method.ts';
import { rulesKey } from './rules.ts';

/** One plan that was tried. The tree's root is the intact network and has no node. */
export interface HistoryNode {
  readonly id: string;
  /** The plan that this one came from; absent under the root. */
  readonly parent?: string;
  /** Absent: named by its settings. */
  readonly name?: string;
  readonly settings: PlanSettings;
  readonly keep: Keep;
  readonly cost: Cost;
  readonly outcome: Outcome;
}

export interface Outcome extends Pick<Evaluation, 'images' | 'accuracy' | 'agreement' | 'perClass'> {
  /** Of a network that reads text, as `TextMeasures` has them. */
  readonly perplexity?: number;
  readonly divergence?: number;
  readonly latency?: number;
}

export interface History {
  /** In the order in which they were first measured. */
  readonly nodes: readonly HistoryNode[];
  /** The plan on screen; absent: none yet, or the intact network. */
  readonly current?: string;
}

export const EMPTY_HISTORY: History = { nodes: [] };

/** Adds a plan under the current one, or brings an equal earlier plan up to date; either becomes current. */
export function recordPlan(history: History, plan: Omit<HistoryNode, 'id' | 'parent' | 'name'>): History {
  const same = history.nodes.find((node) => sameSettings(node.settings, plan.settings));
  if (same) {
    const outcome =
      plan.outcome.images >= same.outcome.images
        ? { ...plan.outcome, latency: plan.outcome.latency ?? same.outcome.latency }
        : { ...same.outcome, latency: plan.outcome.latency ?? same.outcome.latency };
    return { nodes: history.nodes.map((node) => (node === same ? { ...node, keep: plan.keep, cost: plan.cost, outcome } : node)), current: same.id };
  }
  const id = nextId(history);
  return { nodes: [...history.nodes, { ...plan, id, ...(history.current === undefined ? {} : { parent: history.current }) }], current: id };
}

export function renamePlan(history: History, id: string, name: string): History {
  const trimmed = name.trim().slice(0, 80);
  return {
    ...history,
    nodes: history.nodes.map((node) => {
      if (node.id !== id) return node;
      const { name: _, ...unnamed } = node;
      return trimmed ? { ...unnamed, name: trimmed } : unnamed;
    }),
  };
}

/** Takes a plan out; what came from it hangs under its parent instead. */
export function removePlan(history: History, id: string): History {
  const gone = history.nodes.find((node) => node.id === id);
  if (!gone) return history;
  const nodes = history.nodes
    .filter((node) => node !== gone)
    .map((node) => (node.parent === id ? withParent(node, gone.parent) : node));
  return history.current === id ? withCurrent({ nodes }, gone.parent) : { ...history, nodes };
}

export function goToPlan(history: History, id: string | undefined): History {
  return withCurrent({ nodes: history.nodes }, history.nodes.some((node) => node.id === id) ? id : undefined);
}

export interface HistoryBranch {
  readonly node: HistoryNode;
  readonly children: readonly HistoryBranch[];
}

/** The nodes as a tree. A node whose parent is unknown, or that would close a loop, hangs under the root. */
export function historyTree({ nodes }: History): readonly HistoryBranch[] {
  const order = new Map(nodes.map((node, index) => [node.id, index]));
  const parentOf = (node: HistoryNode) => {
    const parent = node.parent === undefined ? undefined : order.get(node.parent);
    return parent !== undefined && parent < (order.get(node.id) ?? 0) ? node.parent : undefined;
  };
  const branch = (parent: string | undefined): HistoryBranch[] =>
    nodes.filter((node) => parentOf(node) === parent).map((node) => ({ node, children: branch(node.id) }));
  return branch(undefined);
}

export function sameSettings(a: PlanSettings, b: PlanSettings): boolean {
  return settingsKey(a) === settingsKey(b);
}

function settingsKey({ request, pins, images, source }: PlanSettings): string {
  const { target, select, compensate, order, allocate, renorm } = { ...request, ...methodOf(request) };
  const { rules, seed } = request;
  const pinned = Object.entries(pins)
    .filter(([, channels]) => Object.keys(channels).length > 0)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([group, channels]) => [group, Object.entries(channels).sort(([a], [b]) => Number(a) - Number(b))]);
  return JSON.stringify([target.kind, target.value, select, compensate, order, allocate, renorm, seed, images, pinned, rulesKey(rules), encodeSource(source)]);
}

function nextId({ nodes }: History): string {
  return String(1 + Math.max(0, ...nodes.map(({ id }) => Number(id) || 0)));
}

function withParent(node: HistoryNode, parent: string | undefined): HistoryNode {
  const { parent: _, ...orphan } = node;
  return parent === undefined ? orphan : { ...orphan, parent };
}

function withCurrent(history: History, current: string | undefined): History {
  return current === undefined ? { nodes: history.nodes } : { nodes: history.nodes, current };
}
