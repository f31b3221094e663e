import { describe, expect, it } from 'vitest';
import { convNeXtTiny } from './fixtures/architectures/convNeXtTiny.ts';
import { gpt2, opt125m, smolLm135m } from './fixtures/architectures/decoders.ts';
import { swinTiny } from './fixtures/architectures/swinTiny.ts';
import { visionTransformer } from './fixtures/architectures/visionTransformer.ts';
import { plainNetwork, residualNetwork } from './fixtures/networks.ts';
import { networkCosts } from './costs.ts';
import { removeBlocks } from './removeBlocks.ts';
import { residualBlocks, residualBranches, residualChains } from './residualBranches.ts';
import { validateNetwork } from './shapes.ts';

const NARROW = { divisor: 64, weights: 'random' } as const;

describe('residual blocks', () => {
  it.each([
    ['GPT-2', gpt2({ divisor: 64, size: 8, classes: 11 }), 12, 2],
    ['OPT', opt125m({ divisor: 64, size: 8, classes: 11 }), 12, 2],
    ['a Llama', smolLm135m({ divisor: 64, size: 8, classes: 11 }), 30, 2],
    ['a ViT', visionTransformer({ ...NARROW, size: 32 }), 12, 2],
  ] as const)('of %s are its attention with the MLP behind it, all on one stream', (_, network, blocks, branches) => {
    const found = residualBlocks(network);
    expect(residualChains(network)).toHaveLength(1);
    expect(found.map((block) => block.length)).toEqual(Array.from({ length: blocks }, () => branches));
    expect(found[0].map(({ add }) => add)).toEqual(['block1_add1', 'block1_add2']);
    expect(found[0][0].nodes[0]).toBe('block1_norm1');
    expect(found[1][0].stream).toBe('block1_add2');
  });

  it('of a Swin stand on one stream a stage', () => {
    const network = swinTiny({ divisor: 32, size: 64 });
    expect(residualChains(network).map((chain) => chain.length)).toEqual([4, 4, 12, 4]);
    expect(residualBlocks(network).map((block) => block.length)).toEqual(Array.from({ length: 12 }, () => 2));
  });

  it('of a convolutional network are its branches around identities, not those around layers', () => {
    expect(residualBlocks(convNeXtTiny({ divisor: 32, size: 32 }))).toHaveLength(18);
    expect(residualBranches(residualNetwork()).map(({ add, stream, ends }) => ({ add, stream, ends }))).toEqual([
      { add: 'block1_add', stream: 'stem_relu', ends: ['block1_conv2_norm'] },
    ]);
    expect(residualBranches(plainNetwork())).toEqual([]);
  });

  it('leave a network that fits together, without their costs', () => {
    const network = gpt2({ divisor: 64, size: 8, classes: 11 });
    const blocks = residualBlocks(network);
    const gone = [blocks[3], blocks[4], blocks[11]];
    const smaller = removeBlocks(network, gone);
    validateNetwork(smaller);
    expect(smaller.nodes).toHaveLength(network.nodes.length - 3 * (blocks[0].flatMap(({ nodes }) => nodes).length + 2));
    const costs = networkCosts(network);
    const own = gone.flat().flatMap(({ nodes }) => nodes).reduce((sum, id) => sum + (costs.nodes.get(id)?.parameters ?? 0), 0);
    expect(networkCosts(smaller).parameters).toBe(costs.parameters - own);
    expect(smaller.nodes.find(({ id }) => id === 'block6_norm1')?.inputs).toEqual(['block3_add2']);
    expect(smaller.nodes.find(({ id }) => id === 'norm')?.inputs).toEqual(['block11_add2']);
    validateNetwork(removeBlocks(network, blocks));
  });
});
