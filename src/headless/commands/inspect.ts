import { Command } from 'commander';
import { networkCosts } from '../../network/costs.ts';
import { couplingGroups } from '../../network/coupling.ts';
import { inferShapes } from '../../network/shapes.ts';
import { readModel, writeJson } from '../files.ts';
import { modelOption, outOption } from '../options.ts';

export function inspectCommand(): Command {
  return new Command('inspect')
    .description('list the nodes with shapes and costs, and the coupling groups')
    .addOption(modelOption())
    .addOption(outOption('JSON file: { macs, params, bytes, nodes, groups }'))
    .action(async ({ model, out }: Record<'model' | 'out', string>) => {
      const network = await readModel(model);
      const shapes = inferShapes(network);
      const { macs, parameters, bytes, nodes } = networkCosts(network);
      await writeJson(out, {
        macs,
        params: parameters,
        bytes,
        nodes: network.nodes.map(({ id, op, inputs }) => ({
          id, op, inputs, shape: shapes.get(id), macs: nodes.get(id)?.macs, params: nodes.get(id)?.parameters,
        })),
        groups: couplingGroups(network),
      });
    });
}
