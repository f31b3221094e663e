import type { BlockWidths } from './blockWidths.ts';

/** The README.md of an export: what was changed, and who can load it. */
export function exportReadme(modelType: string, widths: readonly BlockWidths[], warnings: readonly string[], reads: 'text' | 'pictures'): string {
  const autoClass = reads === 'text' ? 'AutoModelForCausalLM' : 'AutoModelForImageClassification';
  const loads = warnings.length === 0
    ? ['`config.json` says the widths below, so the transformers library loads this folder:', '', `    from transformers import ${autoClass}`, `    model = ${autoClass}.from_pretrained("path/to/this/folder")`]
    : ['The transformers library does not load this folder; ModHiFi Lab does.', '', ...warnings.map((warning) => `* ${warning}`)];
  return [
    `# ${modelType}, written by ModHiFi Lab`,
    '',
    'Pruned or as it was: widths are below. Tensors are under the names that the model came by, in float32.',
    '',
    ...loads,
    '',
    '| block | neurons of the MLP | heads | key/value heads |',
    '|---|---|---|---|',
    ...widths.map(({ mlp, heads, keyHeads }, i) => `| ${i} | ${mlp} | ${heads} | ${keyHeads} |`),
    '',
  ].join('\n');
}
