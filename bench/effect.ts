import { networkCosts } from '../src/network/costs.ts';
import { Evidence } from '../src/headless/evidence.ts';
import { accuracyOn, measureFrontier } from '../src/headless/frontier.ts';
import { methodName } from '../src/headless/method.ts';
import { method } from '../src/headless/commands/frontier.ts';
import { NO_RULES } from '../src/pruning/widthRules.ts';
import { shippedSubject, table } from './subject.ts';

const METHODS = ['ours', 'paper', 'l1/none/oneShot', 'singleton/none/oneShot', 'singleton/scale/oneShot', 'singleton/leastSquares/oneShot', 'singleton/leastSquares/sequential'];

/** Accuracy on the full test set at 2.1 times fewer MACs, 512 calibration images, no gradient step. */
export async function benchEffect(): Promise<void> {
  for (const id of ['resnet20-cifar10', 'vgg-cifar10', 'mobilenetv2-cifar10']) {
    const { subject, data, correlator } = await shippedSubject(id);
    const calibration = data.source('train', data.calibrationIndices(512, 1));
    const count = data.count('test');
    const measure = accuracyOn(data.source('test', Array.from({ length: count }, (_, k) => k)), await data.labels('test'));
    const evidence = new Evidence(subject, calibration, correlator);
    const { macs } = networkCosts(subject.network);
    const request = { methods: METHODS.map(method), kind: 'macs' as const, targets: [0.476], rules: NO_RULES, seed: 1 };
    const series = await measureFrontier(evidence, measure, request);
    console.log(`\n${id}, macs=0.476, ${count} test images`);
    table(
      ['select/compensate/order', 'MACs kept', 'accuracy'],
      series.map(({ method: used, points: [point] }) => [methodName(used), (point.macs / macs).toFixed(3), `${(100 * point.accuracy).toFixed(2)} %`]),
    );
  }
}
