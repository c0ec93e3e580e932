/**
 * Symmetric positive definite systems of a few tens of rows, over a packed lower triangle by rows: entry (i, j), j <= i, at
 * i (i + 1) / 2 + j. Plain loops in a fixed order, so the same input gives the same bits.
 */

/** L of L L' = G + `added` I, over G's own packed layout. */
export function choleskyOf(g: Float64Array, dimension: number, added: number): Float64Array {
  const factor = g.slice();
  for (let i = 0; i < dimension; i++) {
    const row = (i * (i + 1)) / 2;
    factor[row + i]! += added;
    for (let j = 0; j <= i; j++) {
      const column = (j * (j + 1)) / 2;
      let sum = factor[row + j]!;
      for (let k = 0; k < j; k++) sum -= factor[row + k]! * factor[column + k]!;
      factor[row + j] = j === i ? Math.sqrt(sum) : sum / factor[column + j]!;
    }
  }
  return factor;
}

/** z of L z = x, written into `solution`. */
export function solveLower(factor: Float64Array, x: ArrayLike<number>, solution: Float64Array): Float64Array {
  for (let i = 0; i < x.length; i++) {
    const row = (i * (i + 1)) / 2;
    let sum = x[i]!;
    for (let k = 0; k < i; k++) sum -= factor[row + k]! * solution[k]!;
    solution[i] = sum / factor[row + i]!;
  }
  return solution;
}

/** theta of L' theta = z, in z's place. */
export function solveUpper(factor: Float64Array, z: Float64Array): Float64Array {
  for (let i = z.length - 1; i >= 0; i--) {
    let sum = z[i]!;
    for (let k = i + 1; k < z.length; k++) sum -= factor[(k * (k + 1)) / 2 + i]! * z[k]!;
    z[i] = sum / factor[(i * (i + 1)) / 2 + i]!;
  }
  return z;
}

/** ln det of L L'. */
export function logDeterminant(factor: Float64Array, dimension: number): number {
  let sum = 0;
  for (let i = 0; i < dimension; i++) sum += Math.log(factor[(i * (i + 1)) / 2 + i]!);
  return 2 * sum;
}

/** (L L')^-1, packed. */
export function inverseOf(factor: Float64Array, dimension: number): Float64Array {
  const lower = inverseLower(factor, dimension);
  const inverse = new Float64Array(lower.length);
  let at = 0;
  for (let i = 0; i < dimension; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = i; k < dimension; k++) sum += lower[(k * (k + 1)) / 2 + i]! * lower[(k * (k + 1)) / 2 + j]!;
      inverse[at++] = sum;
    }
  }
  return inverse;
}

/** L^-1, packed: it is lower triangular too. */
function inverseLower(factor: Float64Array, dimension: number): Float64Array {
  const inverse = new Float64Array(factor.length);
  for (let i = 0; i < dimension; i++) {
    const row = (i * (i + 1)) / 2;
    inverse[row + i] = 1 / factor[row + i]!;
    for (let j = 0; j < i; j++) {
      let sum = 0;
      for (let k = j; k < i; k++) sum -= factor[row + k]! * inverse[(k * (k + 1)) / 2 + j]!;
      inverse[row + j] = sum / factor[row + i]!;
    }
  }
  return inverse;
}
