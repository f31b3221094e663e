import { startNodeEngine } from '../../headless/nodeEngine.ts';
import { costModel } from '../../network/costModel.ts';
import { coupling } from '../../network/coupling.ts';
import { prune } from '../../network/surgery.ts';
import { consumerLayers } from '../../pruning/consumerLayers.ts';
import { keepSets, prunableGroups } from '../../pruning/keepSets.ts';
import { oneShotPlan } from '../../pruning/oneShotPlan.ts';
import { groupScores } from '../../pruning/groupFidelity.ts';
import { StatisticsStore } from '../../pruning/statisticsStore.ts';
import { calibrate } from '../calibrate.ts';
import { computeLogits, shareEqual, topClasses } from '../evaluate.ts';
import { shippedNetwork, shippedImages } from '../fixtures/shipped.ts';
import { NETWORK_CRITERIA } from './table.ts';
const correlator = await startNodeEngine();
const network = await shippedNetwork('resnet20-cifar10');
const coupled = coupling(network);
const layers = consumerLayers(network, coupled);
const data = await shippedImages();
const indices = data.calibrationIndices(256, 1);
const images = data.source('train', indices);
const all = await data.labels('train');
const labels = indices.map((i) => all[i]);
const test = data.source('test', Array.from({ length: 500 }, (_, k) => k));
const truth = (await data.labels('test')).subarray(0, 500);
const store = new StatisticsStore(layers);
await calibrate(network, layers, images, correlator, (b) => store.add(b));
const measures = store.measures();
const costs = costModel(network, coupled);
async function report(name: string, scores: ReadonlyMap<string, ArrayLike<number>>) {
  const out: string[] = [];
  for (const share of [0.85, 0.7]) {
    const rankings = prunableGroups(coupled.groups).map(({ name, channels, parts }) => ({ name, channels, parts, scores: scores.get(name) ?? [] }));
    const keep = keepSets({ kind: 'macs', value: share }, rankings, costs, {});
    for (const plan of [{ keep, weights: {} }, oneShotPlan(layers, measures.statistics, keep, 'leastSquares')]) {
      out.push((100 * shareEqual(topClasses(await computeLogits(prune(network, plan), test)), truth)).toFixed(1));
    }
  }
  console.log(name, out.join(' '));
}
await report('singleton', new Map(groupScores(layers, measures).map(({ name, singleton }) => [name, singleton])));
await report('random', new Map(prunableGroups(coupled.groups).map(({ name, channels }) => [name, Array.from({ length: channels }, () => Math.random())])));
for (const [name, rule] of Object.entries(NETWORK_CRITERIA)) await report(name, await rule({ network, coupled, images, labels, seed: 1 }));
