import type { Logits } from '../engine/evaluate.ts';

/** Pictures that an attack sees: a network's class scores for each, and its class. */
export interface Observed {
  readonly logits: Logits;
  readonly labels: ArrayLike<number>;
}

/** An attack that calls a picture a member where the network's confidence in its class is above a threshold. */
export interface MembershipAttack {
  /** As a log-odds, `log p / (1 − p)`. */
  readonly threshold: number;
  /** Share that it tells right of the pictures that it was fitted to, members and others weighing the same; a half is a guess. */
  readonly accuracy: number;
}

/** Too few pictures, or labels that do not fit, for an attack on membership. */
export class MembershipDataError extends Error {
  override readonly name = 'MembershipDataError';
}

/**
 * Confidence-based membership inference (Song and Mittal, USENIX Security 2021): the threshold on the
 * confidence in the right class that best tells members (pictures that the network was trained on and was to
 * keep) from others (test pictures of the same classes). Both kinds weigh the same, however many they are. Of
 * thresholds that are equally good, the middle of the lowest run. O(n log n).
 *
 * @throws MembershipDataError
 */
export function membershipAttack(members: Observed, others: Observed): MembershipAttack {
  const marked = [confidences(members, 'members').map((at) => [at, 0.5 / members.labels.length] as const), confidences(others, 'others').map((at) => [at, -0.5 / others.labels.length] as const)]
    .flat()
    .sort(([a], [b]) => a - b);
  // with the threshold below all, every picture is called a member
  let [right, best] = [0.5, { threshold: -Infinity, accuracy: 0.5 }];
  for (let k = 0; k < marked.length; k++) {
    right -= marked[k][1];
    const next = k + 1 < marked.length ? marked[k + 1][0] : Infinity;
    // pictures of equal confidence stay on one side; a gain below rounding is none
    if (next === marked[k][0] || right <= best.accuracy + 1e-12) continue;
    best = { threshold: next === Infinity ? Infinity : (marked[k][0] + next) / 2, accuracy: right };
  }
  return best;
}

/** Share of pictures that the attack calls members, in [0, 1]. @throws MembershipDataError */
export function memberShare({ threshold }: MembershipAttack, pictures: Observed): number {
  const own = confidences(pictures, 'forget pictures');
  return own.filter((confidence) => confidence > threshold).length / own.length;
}

/**
 * MIA efficacy (Jia et al., NeurIPS 2023): the share of forget pictures, all of which the network was trained
 * on, that the attack takes for pictures it never saw. 1 is perfect forgetting by this measure; a network
 * that was retrained without a whole class reaches it or nearly so.
 *
 * @param members training pictures that stay, @param others test pictures of the classes that stay
 * @throws MembershipDataError
 */
export function membershipInference(members: Observed, others: Observed, forget: Observed): number {
  return 1 - memberShare(membershipAttack(members, others), forget);
}

/** `log p / (1 − p)` of the softmax's share p of each picture's own class: in the order of p, without its rounding near 1. */
function confidences({ logits, labels }: Observed, what: string): number[] {
  const { images, classes, values } = logits;
  if (images === 0) throw new MembershipDataError(`There are no ${what} for the attack on membership.`);
  if (labels.length !== images) throw new MembershipDataError(`There are ${labels.length} labels for ${images} ${what}; one for each is needed.`);
  return Array.from({ length: images }, (_, k) => {
    const label = labels[k];
    if (!Number.isInteger(label) || label < 0 || label >= classes) throw new MembershipDataError(`Label ${label} of picture ${k} of the ${what} is out of range: there are ${classes} classes.`);
    const row = Array.from({ length: classes }, (_, c) => values[k * classes + c]).filter((_, c) => c !== label);
    const most = Math.max(...row);
    return values[k * classes + label] - most - Math.log(row.reduce((sum, z) => sum + Math.exp(z - most), 0));
  });
}
