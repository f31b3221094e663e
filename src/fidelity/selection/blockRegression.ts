import { checkIndices } from '../argumentErrors.ts';
import { centred } from '../centring.ts';
import { choleskyWithRidge, solveFactored } from '../cholesky.ts';
import { type Compensation, type FitOptions, type LayerRidge, layerRidge, scaleIsLeastSquares } from '../compensationMethod.ts';
import { everyIndex, restricted, rowsOf } from '../componentBlocks.ts';
import { crossEnergyOf, pairEnergyKernel, weightNorms } from '../contributions.ts';
import { invertFactored } from '../inverse.ts';
import { checkStatistics, type LayerStatistics } from '../layerStatistics.ts';

/** A compensation that fits, so that components compete for what is left to explain. */
export type Fit = Exclude<Compensation, 'none'>;

/** A layer that reads the components among which to choose. */
export interface Reader {
  readonly statistics: LayerStatistics;
  /** For each candidate, the layer's inputs that stay or go with it; may be none. Default: candidate i is input i. */
  readonly inputsOf?: readonly (readonly number[])[];
  /** The layer's inputs that stay in any case. Default: none. */
  readonly others?: readonly number[];
  /** How much this layer's fidelity counts. Default 1. */
  readonly weight?: number;
  /** Judge by these outputs only. Default: all. */
  readonly outputs?: readonly number[];
}

/**
 * One least-squares problem of several right-hand sides whose regressors come in blocks, one for
 * each candidate. With C chosen it explains
 * `tr(T_C (M_CC)⁻¹ T_Cᵀ) − Σ_{i ∈ C} charge_i`, times `weight`: over a layer's problems, its
 * fidelity under the fit (`FitOptions`, ridge term included).
 */
export interface BlockRegression {
  /** Block i is features `starts[i] … starts[i + 1]`; candidates come first, what stays in any case after them. */
  readonly starts: Int32Array;
  /** The ridged normal matrix, row-major N × N, N = the last of `starts`. */
  readonly matrix: Float64Array;
  /** Ridged right-hand sides, feature-major: `N × rows`. */
  readonly targets: Float64Array;
  readonly rows: number;
  /** λ times the squared weights of each block: what the ridge charges for having it. */
  readonly charge: Float64Array;
  readonly weight: number;
}

/** How a problem is ridged: by λ's starting value, or by the least λ from there with which it factors. */
type Ridging = 'start' | 'factors';

interface Ridged extends BlockRegression {
  /** Cholesky factor of `matrix`, where it was asked for and there is one. */
  readonly factor?: Float64Array;
}

/** A problem to remove from rather than to add to: `matrix` is the inverse of `of.matrix`, `targets` the solution. */
export interface InverseRegression extends BlockRegression {
  readonly of: BlockRegression;
  /** `tr(T M⁻¹ Tᵀ)` of all blocks together. */
  readonly explained: number;
}

/**
 * The problems that a choice among the readers' components has to weigh: one for each layer under
 * least squares, one for each output under `'scale'` (one for all outputs whose weights cancel). A
 * layer's fidelity is normalised by its target's energy; one without energy is left out.
 *
 * @throws ShapeMismatchError, ArgumentRangeError, ComponentIndexError
 */
export function blockRegressions(readers: readonly Reader[], fit: Fit, options: FitOptions = {}): BlockRegression[] {
  return readers.flatMap((reader) => [...problemsOf(reader, fit, options, 'start')]);
}

/**
 * The same problems with `matrix` the inverse of theirs and `targets` their solution, whose Schur
 * complements are the inverse and the solution of what is left when blocks are removed. One that no
 * ridge makes positive definite (NaN in the statistics) is left out.
 */
export function inverseRegressions(readers: readonly Reader[], fit: Fit, options: FitOptions = {}): InverseRegression[] {
  return readers.flatMap((reader) => [...problemsOf(reader, fit, options, 'factors')]).flatMap(inverted);
}

function inverted({ factor, ...problem }: Ridged): InverseRegression[] {
  if (!factor) return [];
  const { starts, targets, rows } = problem;
  const size = starts[starts.length - 1];
  const solution = transposed(solveFactored(factor, size, transposed(targets, size, rows), rows), rows, size);
  let explained = 0;
  for (let at = 0; at < targets.length; at++) explained += targets[at] * solution[at];
  return [{ ...problem, matrix: invertFactored(factor, size), targets: solution, explained, of: problem }];
}

function* problemsOf(reader: Reader, fit: Fit, options: FitOptions, ridging: Ridging): Generator<Ridged> {
  const { statistics, others = [], weight = 1 } = reader;
  checkStatistics('selection', statistics);
  const inputsOf = reader.inputsOf ?? everyIndex(statistics.n).map((i) => [i]);
  const components = [...inputsOf.flat(), ...others];
  checkIndices('selection: the inputs of a layer', components, statistics.n);
  if (reader.outputs) checkIndices('selection: outputs', reader.outputs, statistics.m);
  const outputs = reader.outputs ?? everyIndex(statistics.m);
  let energy = 0;
  for (const c of outputs) energy += statistics.energy[c];
  if (!(energy > 0) || weight === 0) return;

  const ridge = layerRidge(statistics, options);
  const inOrder = components.length === statistics.n && components.every((component, at) => component === at);
  const own = inOrder ? statistics : restricted(statistics, components);
  const local = fit === 'leastSquaresBias' ? (centred(own)?.statistics ?? own) : own;
  const starts = [0];
  for (const inputs of inputsOf) starts.push(starts[starts.length - 1] + inputs.length);
  for (const _ of others) starts.push(starts[starts.length - 1] + 1);
  const share = weight / energy;

  const isShared = (c: number): boolean => fit !== 'scale' || scaleIsLeastSquares(local, c);
  const shared = outputs.filter(isShared);
  if (shared.length > 0) yield leastSquaresProblem(local, shared, starts, ridge, ridging, share);
  for (const c of outputs) if (!isShared(c)) yield scaleProblem(local, c, starts, ridge, ridging, share);
}

function leastSquaresProblem(
  { n, p, gram, cross, weights }: LayerStatistics,
  outputs: readonly number[],
  starts: readonly number[],
  layer: LayerRidge,
  ridging: Ridging,
  weight: number,
): Ridged {
  const size = n * p;
  const { lambda, factor } = ridgeOf(gram, size, layer, ridging);
  const matrix = gram.slice();
  for (let q = 0; q < size; q++) matrix[q * size + q] += lambda;
  const old = rowsOf(weights, size, outputs);
  const targets = rowsOf(cross, size, outputs).map((value, at) => value + lambda * old[at]);
  const features = Int32Array.from(starts, (start) => start * p);
  const squares = new Float64Array(size);
  old.forEach((value, at) => (squares[at % size] += value * value));
  return {
    factor,
    starts: features,
    matrix,
    targets: transposed(targets, outputs.length, size),
    rows: outputs.length,
    charge: chargeOf(squares, features, lambda),
    weight,
  };
}

function scaleProblem(
  local: LayerStatistics,
  c: number,
  starts: readonly number[],
  layer: LayerRidge,
  ridging: Ridging,
  weight: number,
): Ridged {
  const { n } = local;
  const matrix = pairEnergyKernel(local, c);
  const norms = weightNorms(local, c);
  // A component whose weights are all 0 adds nothing at any scale: a 1 leaves it out.
  for (let i = 0; i < n; i++) if (norms[i] === 0) matrix[i * n + i] = 1;
  const { lambda, factor } = ridgeOf(matrix, n, layer, ridging, norms);
  for (let i = 0; i < n; i++) matrix[i * n + i] += lambda * norms[i];
  const targets = crossEnergyOf(local, c).map((b, i) => b + lambda * norms[i]);
  const features = Int32Array.from(starts);
  return { factor, starts: features, matrix, targets, rows: 1, charge: chargeOf(norms, features, lambda), weight };
}

function ridgeOf(matrix: Float64Array, size: number, layer: LayerRidge, ridging: Ridging, weights?: Float64Array) {
  const lambda = layer.relative * layer.reference;
  if (ridging === 'start') return { lambda, factor: undefined };
  const factored = choleskyWithRidge(matrix, size, weights ? { ...layer, weights } : layer);
  return factored.ok ? { lambda: factored.ridge, factor: factored.factor } : { lambda, factor: undefined };
}

function chargeOf(squares: Float64Array, starts: Int32Array, lambda: number): Float64Array {
  return Float64Array.from({ length: starts.length - 1 }, (_, block) => {
    let sum = 0;
    for (let q = starts[block]; q < starts[block + 1]; q++) sum += squares[q];
    return lambda * sum;
  });
}

/** Row-major `rows × columns` to `columns × rows`. */
function transposed(matrix: Float64Array, rows: number, columns: number): Float64Array {
  if (rows === 1 || columns === 1) return matrix;
  const result = new Float64Array(matrix.length);
  for (let r = 0; r < rows; r++) for (let q = 0; q < columns; q++) result[q * rows + r] = matrix[r * columns + q];
  return result;
}
