/** The seeded draw: the same decision under the same policy and salt always draws the same number, so a replay chooses the same arm. */
import { hash } from 'node:crypto';

/** u in [0, 1), a multiple of 2^-53, from SHA-256 of `POLICY|SALT|DECISION_ID`; `policy` as in the event, with its shadow suffix. */
export function drawUniform(policy: string, salt: string, decisionId: string): number {
  return uniformOf(digestOf(`${policy}|${salt}|${decisionId}`));
}

/** SHA-256 of the UTF-8 of `text`, in hexadecimal digits. */
export function digestOf(text: string): string {
  // In one call and as text: a hash object and a Buffer would cost several times the hash of so few bytes.
  return hash('sha256', text, 'hex');
}

/** u in [0, 1): the first 8 bytes of a digest, big-endian, shifted right by 11, over 2^53. */
export function uniformOf(digits: string): number {
  // The top 53 of the first 64 bits: 32 from the first word, 21 from the second.
  return (parseInt(digits.slice(0, 8), 16) * 2 ** 21 + (parseInt(digits.slice(8, 16), 16) >>> 11)) / 2 ** 53;
}

/**
 * Index of the first candidate whose cumulative probability exceeds u; the last one when rounding leaves none.
 * `propensities` in tip_id order, at least one.
 */
export function pick(propensities: ArrayLike<number>, u: number): number {
  let cumulative = 0;
  for (let i = 0; i < propensities.length; i++) {
    cumulative += propensities[i]!;
    if (cumulative > u) return i;
  }
  return propensities.length - 1;
}
