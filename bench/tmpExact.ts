import { gatherStatistics } from '../src/headless/experiment.ts';
import { groupConsumers } from '../src/pruning/criteria/groupConsumers.ts';
import { exactSets } from '../src/fidelity/selection/exactSets.ts';
import { greedyOrder, backwardOrder } from '../src/fidelity/selection/componentOrder.ts';
import { shippedSubject } from './subject.ts';
const { subject, data, correlator } = await shippedSubject(process.argv[2] ?? 'resnet20-cifar10');
const { layers } = subject;
const measures = (await gatherStatistics(subject, data.source('train', data.calibrationIndices(64, 1)), correlator)).measures();
const names = new Set(layers.flatMap((l) => l.inputs.groups.filter((g) => g.frozen === undefined && g.channels <= 24).map((g) => g.name)));
for (const name of names) for (const fit of ['scale', 'leastSquares'] as const) {
  const readers = groupConsumers(name, layers, measures);
  const n = readers[0].inputsOf.length;
  let t = process.cpuUsage().user;
  const seeds = [greedyOrder(readers, n, fit), backwardOrder(readers, n, fit)];
  const ts = process.cpuUsage().user - t; t = process.cpuUsage().user;
  const r = exactSets(readers, n, fit, { seeds, nodes: 1e5 });
  console.log(name, n, readers.length, fit, 'seeds', (ts / 1e3).toFixed(0), 'ms; exact', ((process.cpuUsage().user - t) / 1e3).toFixed(0), 'ms cpu', r.nodes, r.optimal);
}
