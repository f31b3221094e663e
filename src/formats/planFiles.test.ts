import * as tf from '@tensorflow/tfjs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { relativeError } from '../engine/fixtures/arrays.ts';
import { everyOpNetwork } from '../engine/fixtures/everyOpNetwork.ts';
import { mixedNetwork } from '../engine/fixtures/mixedNetwork.ts';
import { shippedNetwork, testImages } from '../engine/fixtures/shipped.ts';
import { CompiledNetwork } from '../engine/interpreter.ts';
import { plainNetwork, residualNetwork } from '../network/fixtures/networks.ts';
import { randomPlan } from '../network/fixtures/randomPlan.ts';
import { isConsumer, type Network, type Node, type Weight } from '../network/network.ts';
import type { PrunePlan } from '../network/prunePlan.ts';
import { weightsOf } from '../network/shapes.ts';
import { prune } from '../network/surgery.ts';
import torchLogits from './fixtures/resnet20-plan.logits.json' with { type: 'json' };
import { resnet20Plan } from './fixtures/resnet20Plan.ts';
import { exportPlan, PlanMismatchError, type PlanDocument } from './planFiles.ts';
import { readSafetensors } from './safetensors.ts';

function opened(files: Readonly<Record<string, Uint8Array>>): { document: PlanDocument; tensors: ReadonlyMap<string, Weight> } {
  expect(Object.keys(files).toSorted()).toEqual(['plan.json', 'weights.safetensors']);
  const document = JSON.parse(new TextDecoder().decode(files['plan.json'])) as PlanDocument;
  return { document, tensors: readSafetensors(files[document.weightsFile]).tensors };
}

/** A network pruned by `plan.json` alone: weights sliced at its indices, new ones from the weights file. */
function applied(intact: Network, { document, tensors }: ReturnType<typeof opened>): Network {
  const nodes = document.nodes.map((entry): Node => {
    const before = intact.nodes.find(({ id }) => id === entry.id);
    const weights = Object.entries(entry.weights).map(([name, { tensor, kept, new: changed }]) => {
      const own = before && Object.fromEntries(weightsOf(before))[name];
      return [name, changed || !own || !kept ? tensors.get(tensor) : picked(own, kept)];
    });
    return { id: entry.id, op: entry.op, inputs: entry.inputs, attributes: entry.attributes, weights: Object.fromEntries(weights) } as Node;
  });
  return { name: document.network, nodes, outputs: document.outputs };
}

/** By whole coordinates, one value after another. */
function picked({ shape, values }: Weight, kept: readonly (readonly number[] | null)[]): Weight {
  const indices = kept.map((own, axis) => own ?? Array.from({ length: shape[axis] }, (_, k) => k));
  const flat = indices.reduce<number[]>((offsets, own, axis) => offsets.flatMap((offset) => own.map((index) => offset * shape[axis] + index)), [0]);
  return { shape: indices.map(({ length }) => length), values: Float32Array.from(flat, (offset) => values[offset]) };
}

/** A plan with a refitted kernel and a bias for its first consumer that is cut. */
function refitted(intact: Network, plan: PrunePlan): PrunePlan {
  const before = new Map(intact.nodes.map((node) => [node.id, node]));
  const whole = prune(intact, { keep: plan.keep, weights: {} });
  const consumer = whole.nodes.find((node) => {
    const own = before.get(node.id);
    return isConsumer(node) && own && isConsumer(own) && node.weights.kernel.shape.at(-1) === own.weights.kernel.shape.at(-1)
      && node.op === 'conv2d' && node.weights.kernel.shape[2] !== own.weights.kernel.shape[2];
  });
  if (!consumer || !isConsumer(consumer)) return plan;
  const { kernel } = consumer.weights;
  const outputs = kernel.shape[3];
  return {
    keep: plan.keep,
    weights: { [consumer.id]: { kernel: { ...kernel, values: kernel.values.map((w) => 1.5 * w) }, bias: { shape: [outputs], values: new Float32Array(outputs).fill(0.25) } } },
  };
}

describe('a plan of the shipped ResNet-20', () => {
  it('applied in PyTorch by docs/examples/apply_plan.py, gives the lab’s logits', async () => {
    await tf.setBackend('cpu');
    const intact = await shippedNetwork('resnet20-cifar10');
    const pruned = prune(intact, resnet20Plan(intact));
    const images = await testImages(0, torchLogits.logits.length);
    const batch = tf.tensor(await images.read(0, images.count), [images.count, ...images.shape]);
    const compiled = new CompiledNetwork(pruned);
    const values = compiled.run(batch)[pruned.outputs[0]];
    expect(relativeError(await values.data(), torchLogits.logits.flat())).toBeLessThan(1e-4);
    tf.dispose([batch, values]);
    compiled.dispose();
  });
});

describe('exportPlan', () => {
  it.each([
    ['residual', residualNetwork()], ['with flatten', plainNetwork()], ['of every op', everyOpNetwork()], ['mixed', mixedNetwork()],
  ])('says of a %s network all that is needed to prune it again', (_name, intact) => {
    let refits = 0;
    fc.assert(
      fc.property(randomPlan(intact), fc.boolean(), (drawn, refit) => {
        const plan = refit ? refitted(intact, drawn) : drawn;
        if (plan !== drawn) refits++;
        const pruned = prune(intact, plan);
        const files = opened(exportPlan(intact, plan, pruned));
        expect(applied(intact, files)).toEqual(pruned);
        const weights = pruned.nodes.flatMap((node) => weightsOf(node).map(([name, weight]) => [`${node.id}.${name}`, weight] as const));
        expect([...files.tensors]).toEqual(weights);
        const changed = files.document.nodes.flatMap(({ id, weights: own }) => Object.values(own).some((weight) => weight.new) ? [id] : []);
        expect(changed).toEqual(Object.keys(plan.weights));
      }),
      { numRuns: 25, seed: 9 },
    );
    if (intact.nodes.some(({ id }) => id === 'block1_conv1')) expect(refits).toBeGreaterThan(0);
  });

  it('lists groups with what they keep, and each node’s axes', () => {
    const intact = residualNetwork();
    const plan: PrunePlan = { keep: { stem: [0, 2, 5], block1_conv1: [1] }, weights: {} };
    const { document } = opened(exportPlan(intact, plan, prune(intact, plan)));
    expect(document).toMatchObject({ format: 'modhifi-plan', version: 1, network: 'residual', outputs: ['logits'] });
    const stem = document.groups.find(({ name }) => name === 'stem');
    expect(stem).toMatchObject({ channels: 6, kept: [0, 2, 5], producers: ['stem', 'block1_conv2'] });
    expect(document.groups.find(({ name }) => name === 'logits')).toMatchObject({ kept: [0, 1, 2, 3], frozen: "it holds the network's output" });
    const conv = document.nodes.find(({ id }) => id === 'block1_conv1');
    expect(conv?.in).toEqual({ axis: 2, size: 6, kept: [0, 2, 5], groups: ['stem'] });
    expect(conv?.out).toEqual({ axis: 2, size: 5, kept: [1], groups: ['block1_conv1'] });
    expect(conv?.weights.kernel).toEqual({ tensor: 'block1_conv1.kernel', shape: [3, 3, 3, 1], kept: [null, null, [0, 2, 5], [1]], new: false });
    expect(document.layouts['conv2d.kernel']).toEqual({ axes: ['height', 'width', 'inputs / groups', 'outputs'], torch: [3, 2, 0, 1] });
    expect(document.layouts['batchNorm.gamma']).toEqual({ axes: ['channels'], torch: [0] });
  });

  it('marks weights that were changed after surgery, such as re-estimated norms', () => {
    const intact = residualNetwork();
    const plan: PrunePlan = { keep: { stem: [0, 2] }, weights: {} };
    const pruned = prune(intact, plan);
    const nodes = pruned.nodes.map((node): Node =>
      node.op === 'batchNorm' && node.id === 'stem_norm' ? { ...node, weights: { ...node.weights, mean: { shape: [2], values: Float32Array.of(7, 8) } } } : node);
    const { document, tensors } = opened(exportPlan(intact, plan, { ...pruned, nodes }));
    const norm = document.nodes.find(({ id }) => id === 'stem_norm');
    expect(Object.entries(norm?.weights ?? {}).map(([name, weight]) => [name, weight.new])).toEqual([['gamma', false], ['beta', false], ['mean', true], ['variance', false]]);
    expect([...(tensors.get('stem_norm.mean')?.values ?? [])]).toEqual([7, 8]);
  });

  it('refuses a network that is not what the plan makes', () => {
    const intact = residualNetwork();
    const plan: PrunePlan = { keep: { stem: [0, 2, 3] }, weights: {} };
    expect(() => exportPlan(intact, plan, intact)).toThrow(PlanMismatchError);
    expect(() => exportPlan(intact, plan, intact)).toThrow(/"stem" has a kernel of \[3, 3, 3, 6\] where the plan leaves \[3, 3, 3, 3\]/);
    expect(() => exportPlan(intact, plan, plainNetwork())).toThrow(PlanMismatchError);
    const pruned = prune(intact, plan);
    expect(() => exportPlan(intact, plan, { ...pruned, nodes: pruned.nodes.slice(0, -1) })).toThrow(/"logits" is missing/);
  });
});
