/** Quantiles of the chi-squared distribution with a whole number of degrees of freedom. Pure. */

const MOST_TERMS = 10_000;
const PRECISION = 1e-16;
const HALVINGS = 200;

/** ln Gamma(df / 2), by recurrence from Gamma(1) = 1 and Gamma(1/2) = sqrt(pi). */
function logGammaOfHalf(df: number): number {
  let sum = df % 2 === 0 ? 0 : Math.log(Math.PI) / 2;
  for (let at = df % 2 === 0 ? 1 : 0.5; at < df / 2; at++) sum += Math.log(at);
  return sum;
}

/**
 * The upper tail Q(df / 2, x / 2) of the regularised incomplete gamma function: by its series below df / 2 + 1, else by Lentz's continued
 * fraction (DLMF 8.7.1 and 8.9.2).
 */
export function chiSquaredTail(x: number, df: number): number {
  if (x <= 0) return 1;
  const [a, z] = [df / 2, x / 2];
  const front = Math.exp(-z + a * Math.log(z) - logGammaOfHalf(df));
  if (z < a + 1) {
    let term = 1 / a;
    let sum = term;
    for (let n = 1; n < MOST_TERMS && term > sum * PRECISION; n++) sum += term *= z / (a + n);
    return 1 - front * sum;
  }
  let b = z + 1 - a;
  let c = 1 / Number.MIN_VALUE ** 0.5;
  let d = 1 / b;
  let h = d;
  for (let n = 1; n < MOST_TERMS; n++) {
    const an = -n * (n - a);
    b += 2;
    d = 1 / (an * d + b);
    c = b + an / c;
    h *= d * c;
    if (Math.abs(d * c - 1) < PRECISION) break;
  }
  return front * h;
}

/** The value that a chi-squared variable exceeds with probability `tail`, 0 < tail < 1; 0 for no degrees of freedom. */
export function chiSquaredAbove(tail: number, df: number): number {
  if (df <= 0) return 0;
  let [low, high] = [0, df + 10];
  while (chiSquaredTail(high, df) > tail) high *= 2;
  for (let n = 0; n < HALVINGS && high - low > PRECISION * high; n++) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (chiSquaredTail(middle, df) > tail) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
