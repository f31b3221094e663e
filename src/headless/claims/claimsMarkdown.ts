import type { Claim, Finding } from './claim.ts';

/** All findings of one run. */
export interface ClaimsReport {
  readonly models: readonly string[];
  readonly claims: readonly {
    readonly claim: Omit<Claim, 'measure'>;
    /** By model; a long claim has the first alone. */
    readonly findings: Readonly<Record<string, Finding>>;
    /** That measures this claim again. */
    readonly command: string;
  }[];
  /** The whole run's command. */
  readonly command: string;
  readonly machine: string;
  readonly backend: string;
  readonly calibrationImages: number;
  readonly testImages: number;
  readonly seed: number;
  readonly quick: boolean;
}

/** The report as docs/claims.md. */
export function claimsMarkdown(report: ClaimsReport): string {
  const { models, claims, command, machine, backend, calibrationImages, testImages, seed, quick } = report;
  const notes = [
    `# The paper's claims, measured`,
    '',
    'What *ModHiFi: Identifying High Fidelity Predictive Components for Model Modification* (NeurIPS 2025,',
    '[arXiv 2511.19566](https://arxiv.org/abs/2511.19566)) claims, and what the lab finds on its shipped models. Other networks and other',
    'data than the paper\'s: a claim that holds there may not hold here, and the other way round. Verdicts follow the rules that are',
    'stated with each claim, in code (`src/headless/claims/`).',
    '',
    `Written by \`${command}\` on ${machine}, backend ${backend}; ${calibrationImages} calibration and ${testImages} test images, seed ${seed}.`,
    ...(quick ? ['', '**A quick run: too few images to judge by.**'] : []),
    '',
    `| claim | the paper's figure | ${models.map((model) => `ours: ${model}`).join(' | ')} |`,
    `|---|---|${models.map(() => '---|').join('')}`,
    ...claims.map(({ claim, findings }) =>
      `| [${claim.statement}](#${claim.id.toLowerCase()}) | ${claim.paper} | ${models.map((model) => cellOf(findings[model])).join(' | ')} |`),
  ];
  const sections = claims.flatMap(({ claim, findings, command: own }) => [
    '',
    `## ${claim.id}`,
    '',
    claim.statement,
    '',
    `* The paper: ${claim.paper}.`,
    `* Measured: ${claim.how}`,
    ...models.flatMap((model) => (findings[model] ? [`* ${model}: **${findings[model].verdict}**. ${findings[model].ours}`] : [])),
    `* Rule: ${claim.rule}`,
    `* Command: \`${own}\``,
  ]);
  return `${[...notes, ...sections].join('\n')}\n`;
}

function cellOf(finding: Finding | undefined): string {
  return finding ? `**${finding.verdict}**: ${finding.brief}` : 'not measured';
}
