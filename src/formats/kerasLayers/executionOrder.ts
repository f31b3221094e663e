import { ModelFileError } from './errors.ts';
import type { GraphLayer } from './modelGraph.ts';

/** The layers, each after those that it reads, else in the given order. Throws `ModelFileError` on a cycle. */
export function executionOrder(layers: readonly GraphLayer[]): readonly GraphLayer[] {
  const byId = new Map(layers.map((layer) => [layer.id, layer]));
  const state = new Map<GraphLayer, 'open' | 'done'>();
  const ordered: GraphLayer[] = [];
  for (const start of layers) {
    const stack = [start];
    while (stack.length > 0) {
      const layer = stack[stack.length - 1];
      if (state.get(layer) === undefined) {
        state.set(layer, 'open');
        for (const operand of layer.operands.toReversed()) {
          const source = typeof operand === 'string' ? byId.get(operand) : undefined;
          if (!source) continue;
          if (state.get(source) === 'open') throw new ModelFileError(`Layer "${layer.id}" is part of a cycle.`);
          if (state.get(source) === undefined) stack.push(source);
        }
      } else {
        stack.pop();
        if (state.get(layer) === 'open') ordered.push(layer);
        state.set(layer, 'done');
      }
    }
  }
  return ordered;
}
