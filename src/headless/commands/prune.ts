import { join } from 'node:path';
import { Command, Option } from 'commander';
import { measureLatency } from '../../engine/latency.ts';
import { layerTimes } from '../../engine/layerTimes.ts';
import type { WrittenFormat } from '../../formats/modelFormats.ts';
import { exportPlan } from '../../formats/planFiles.ts';
import type { Network } from '../../network/network.ts';
import { withResidualChannels } from '../../network/residualChannels.ts';
import type { Change } from '../../pruning/change.ts';
import { layerChanges, withTimes, type LayerChange } from '../../pruning/layerChanges.ts';
import type { PruneRequest } from '../../pruning/pruneRequest.ts';
import { slowLayersNote } from '../../pruning/slowLayers.ts';
import { speedNote } from '../../pruning/speedNote.ts';
import { Evidence } from '../evidence.ts';
import { subjectOf } from '../../pruning/subject.ts';
import { assertReachable, pruneAsRequested } from '../experiment.ts';
import { InputError, readLabels, readModelAndTokenizer, writeFiles, writeJson, writeModel } from '../files.ts';
import { startNodeEngine } from '../nodeEngine.ts';
import {
  allocateOption, calibrationOptions, compensateOption, imageLabelsOption, modelOption, orderOption, outOption, renormOption, ruleOptions, seedOption, selectOption, targetOption, toOption,
  type CalibrationOptions, type RuleOptions,
} from '../options.ts';
import { progressOn } from '../progress.ts';
import { readCalibration } from '../texts.ts';
import { widthRules } from '../widthRules.ts';

interface Options extends Omit<PruneRequest, 'rules'>, RuleOptions, CalibrationOptions, Record<'model' | 'out', string> {
  readonly to?: WrittenFormat;
  readonly imageLabels?: string;
  readonly measure?: boolean;
  readonly residual?: boolean;
}

export function pruneCommand(): Command {
  const command = new Command('prune')
    .description('cut the network down and compensate what stays, without labels or gradients')
    .addOption(modelOption());
  for (const option of calibrationOptions('calibration images, unlabelled', 'calibration text: a text file, a folder of some, or a data folder')) command.addOption(option);
  command
    .addOption(targetOption())
    .addOption(selectOption())
    .addOption(compensateOption())
    .addOption(orderOption())
    .addOption(allocateOption())
    .addOption(renormOption())
    .addOption(imageLabelsOption());
  for (const option of ruleOptions()) command.addOption(option);
  return command
    .addOption(seedOption())
    .addOption(new Option('--measure', 'time every layer before and after, one image at a time'))
    .addOption(new Option('--residual', 'let the channels of residual streams under norms leave too; written as safetensors with its plan'))
    .addOption(toOption().default(undefined, 'as it came, if in Hugging Face’s layout, else layers'))
    .addOption(outOption('folder for the pruned model and report.json'))
    .action(async ({ model, images, text, windows, out, to, imageLabels, measure = false, residual = false, target, select, compensate, order, allocate, renorm, seed, ...typed }: Options) => {
      const opened = await readModelAndTokenizer(model);
      const { beside } = opened;
      // no other format has norms whose means are over channels that are not there
      if (residual && to !== undefined && to !== 'safetensors') throw new InputError(`--residual cannot be written as ${to}: leave --to out, or give safetensors.`);
      const network = residual ? withResidualChannels(opened.network) : opened.network;
      const subject = subjectOf(network);
      const request: PruneRequest = { target, select, compensate, order, allocate, renorm, rules: widthRules(subject.coupled.groups, typed), seed };
      assertReachable(subject, request);
      const source = await readCalibration({ images, text, windows }, opened, seed);
      const labels = imageLabels === undefined ? undefined : await readLabels(imageLabels, source.count);
      const evidence = new Evidence(subject, source, await startNodeEngine(), labels);
      const result = await pruneAsRequested(evidence, request, progressOn);
      const changes = layerChanges(subject.network, subject.coupled, result.plan.keep);
      const { layers, latency, note } = measure ? await timed(subject.network, result.network, changes, result.macs) : { layers: changes };
      if (to === 'safetensors' || residual) await writeFiles(out, exportPlan(subject.network, result.plan, result.network));
      else await writeModel(result.network, out, to ?? network.origin?.format ?? 'layers', beside);
      await writeJson(join(out, 'report.json'), {
        request,
        ...(residual ? { residual } : {}),
        images: source.count,
        macs: result.macs,
        params: result.params,
        latency,
        note,
        layers,
        keep: result.plan.keep,
        milliseconds: result.milliseconds,
      });
      if (note !== undefined) process.stderr.write(`${note}\n`);
    });
}

interface Timed {
  readonly layers: readonly LayerChange[];
  /** Median milliseconds of one run. */
  readonly latency?: Change;
  /** Where fewer MACs did not make it faster. */
  readonly note?: string;
}

async function timed(intact: Network, pruned: Network, changes: readonly LayerChange[], macs: Change): Promise<Timed> {
  const before = await layerTimes(intact, 1, progressOn('time before'));
  const layers = withTimes(changes, before, await layerTimes(pruned, 1, progressOn('time after')));
  const latency = { before: (await measureLatency(intact, 1)).milliseconds, after: (await measureLatency(pruned, 1)).milliseconds };
  const notes = [speedNote({ macs, milliseconds: latency }), slowLayersNote(layers)].filter((note) => note !== undefined);
  return { layers, latency, ...(notes.length > 0 ? { note: notes.join(' ') } : {}) };
}
