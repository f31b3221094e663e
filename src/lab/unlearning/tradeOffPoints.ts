import type { ForgettingReport } from '../../unlearning/forgettingReport.ts';
import { GOAL } from '../../unlearning/unlearnRequest.ts';
import { methodLabel } from './methods.ts';
import type { RetrainedNetwork } from './retrained.ts';

export interface TradeOffPoint {
  readonly label: string;
  readonly forget: number;
  readonly retain: number;
  readonly recoverability: number;
  /** `forgot`: reached the goal; `reference`: the intact network, and one that never saw the class. */
  readonly kind: 'forgot' | 'knows' | 'reference';
}

/** Every outcome that the probe was run on, beside the intact network and the retrained one; all of the same classes. */
export function tradeOffPoints(reports: readonly ForgettingReport[], retrained: RetrainedNetwork | undefined): readonly TradeOffPoint[] {
  const tried = reports.flatMap((report): TradeOffPoint[] => {
    const { measures: { after: { forget, retain } }, recoverability } = report;
    if (forget === undefined || retain === undefined || !recoverability) return [];
    return [{ label: methodLabel(report), forget, retain, recoverability: recoverability.after, kind: forget <= GOAL ? 'forgot' : 'knows' }];
  });
  const [first] = reports.filter(({ recoverability }) => recoverability);
  if (tried.length === 0 || !first) return [];
  const { measures: { before: { forget = 0, retain = 0 } }, recoverability } = first;
  return [
    { label: 'intact', forget, retain, recoverability: recoverability?.before ?? 0, kind: 'reference' },
    ...(retrained ? [{ label: 'never saw it', forget: retrained.forget, retain: retrained.retain, recoverability: retrained.recoverability, kind: 'reference' } as const] : []),
    ...tried,
  ];
}

/** Those of the points that forgot and that no other that forgot beats in both retain and recoverability. */
export function undominated(points: readonly TradeOffPoint[]): readonly TradeOffPoint[] {
  const forgot = points.filter(({ kind }) => kind === 'forgot');
  return forgot.filter((one) => !forgot.some((other) => other.retain >= one.retain && other.recoverability <= one.recoverability && (other.retain > one.retain || other.recoverability < one.recoverability)));
}
