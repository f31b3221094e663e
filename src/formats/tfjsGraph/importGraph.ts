import type { Network, Shape } from '../../network/network.ts';
import { validateNetwork } from '../../network/shapes.ts';
import type { ReadShard } from '../tfjsLayers/weightsFile.ts';
import { readConstants } from './constants.ts';
import { describeIssue } from '../kerasLayers/describeValue.ts';
import { GraphModelError, UnsupportedGraphNodeError } from './errors.ts';
import { readGraph } from './graph.ts';
import { GraphReader } from './graphReader.ts';
import { NetworkBuilder } from './networkBuilder.ts';
import { graphModelSchema } from './schema.ts';
import { simplified } from './simplify.ts';

export interface GraphImportOptions {
  /** `[height, width, channels]`, or `[features]`: takes the place of sizes that the file leaves open. */
  readonly inputShape?: Shape;
}

/**
 * The network of a frozen TensorFlow.js graph model.
 *
 * `modelJson` is the parsed content of `model.json`; `readShard` brings its weight files. Node ids
 * are the graph's node names; a fused activation becomes `<name>_activation`, further outputs of a
 * split `<name>:1`, …. What the graph computes from constants alone is computed here (shapes,
 * folded norms); constants that meet a layer become rescalings, norms or the layer's bias.
 * The batch axis is the lab's own: the network takes any number of pictures. Outputs stand in the
 * signature's order; two that are one value come once.
 *
 * Throws `GraphModelError`, `UnsupportedGraphNodeError`, the errors of reading weights, and what
 * `validateNetwork` throws.
 */
export async function importTfjsGraph(
  modelJson: unknown,
  readShard: ReadShard,
  options: GraphImportOptions = {},
): Promise<Network> {
  const parsed = graphModelSchema.safeParse(modelJson);
  if (!parsed.success) {
    throw new GraphModelError(`This is not a TensorFlow.js graph model: ${describeIssue(parsed.error, modelJson)}`);
  }
  const { modelTopology, signature, userDefinedMetadata, weightsManifest } = parsed.data;
  const graph = readGraph(modelTopology.node, signature ?? userDefinedMetadata?.signature);
  const constantAt = await readConstants(weightsManifest, readShard);
  const builder = new NetworkBuilder();
  const reader = new GraphReader(graph, builder, constantAt, options.inputShape);
  const outputs = graph.outputs.map((ref) => {
    const value = reader.value(ref);
    if (value.kind === 'feature') return value.id;
    throw new UnsupportedGraphNodeError(ref.node, graph.nodes.get(ref.node)?.op ?? '', 'is an output that does not depend on the picture.');
  });
  const network = simplified({ name: 'model', nodes: builder.nodes, outputs });
  validateNetwork(network);
  return network;
}
