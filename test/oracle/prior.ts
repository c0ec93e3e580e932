/**
 * The pooled prior the slow and obvious way: every user's rewards as one vector with a dense covariance I + X X' / lambda, which is
 * inverted by elimination. It imports nothing of src and knows nothing of sums.
 */
export interface OracleUser {
  readonly xs: readonly (readonly number[])[];
  readonly rewards: readonly number[];
}

export interface OraclePrior {
  theta: number[];
  errors: number[];
  noise: number;
  /** -2 ln of the restricted likelihood, but for the same constant at every lambda. */
  criterion: number;
}

/** `shared`: the entries that have a mean; users differ in all of them. */
export function oraclePrior(
  users: readonly OracleUser[],
  lambda: number,
  shared: readonly number[] = users[0]!.xs[0]!.map((_, i) => i),
): OraclePrior {
  const size = shared.length;
  const weights = square(size);
  const right = new Array<number>(size).fill(0);
  let [squares, logDeterminants, rewards] = [0, 0, 0];
  for (const { xs, rewards: r } of users) {
    const covariance = xs.map((a, i) => xs.map((b, j) => (i === j ? 1 : 0) + dot(a, b) / lambda));
    const { inverse, logDeterminant } = inverted(covariance);
    const whitened = inverse.map((row) => dot(row, r));
    squares += dot(r, whitened);
    logDeterminants += logDeterminant;
    rewards += r.length;
    const columns = shared.map((k) => xs.map((x) => x[k]!));
    columns.forEach((column, i) => {
      right[i]! += dot(column, whitened);
      const through = inverse.map((row) => dot(row, column));
      columns.forEach((other, j) => (weights[i]![j]! += dot(other, through)));
    });
  }
  const { inverse, logDeterminant } = inverted(weights);
  const theta = inverse.map((row) => dot(row, right));
  const variance = (squares - dot(theta, right)) / (rewards - size);
  return {
    theta,
    errors: inverse.map((row, i) => Math.sqrt(row[i]! * variance)),
    noise: Math.sqrt(variance),
    criterion: (rewards - size) * Math.log(variance) + logDeterminants + logDeterminant,
  };
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}

function square(size: number): number[][] {
  return Array.from({ length: size }, () => new Array<number>(size).fill(0));
}

/** Gauss and Jordan, with partial pivoting; of a matrix whose determinant is positive. */
function inverted(matrix: readonly (readonly number[])[]): { inverse: number[][]; logDeterminant: number } {
  const size = matrix.length;
  const rows = matrix.map((row, i) => [...row, ...row.map((_, j) => (i === j ? 1 : 0))]);
  let logDeterminant = 0;
  for (let column = 0; column < size; column++) {
    let pivot = column;
    for (let i = column; i < size; i++) if (Math.abs(rows[i]![column]!) > Math.abs(rows[pivot]![column]!)) pivot = i;
    [rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!];
    const at = rows[column]![column]!;
    logDeterminant += Math.log(Math.abs(at));
    rows[column] = rows[column]!.map((value) => value / at);
    for (let i = 0; i < size; i++) {
      if (i === column) continue;
      const factor = rows[i]![column]!;
      rows[i] = rows[i]!.map((value, j) => value - factor * rows[column]![j]!);
    }
  }
  return { inverse: rows.map((row) => row.slice(size)), logDeterminant };
}
