import { describe, expect, it } from 'vitest';
import { decodeState, encodeState } from '../../src/policies/ridge-codec.js';
import { add, emptyState, posterior } from '../../src/policies/ridge.js';
import { oracleThetaExact } from '../oracle/policy.js';

describe('theta', () => {
  it('is zero before anything was learned', () => expect([...posterior(emptyState(3), 1).theta]).toEqual([0, 0, 0]));

  it('of one update is x r / (lambda + |x|^2)', () => {
    const state = emptyState(2);
    add(state, [1, -0.5], 1, 1);
    const [first, second] = posterior(state, 1).theta;
    expect(first).toBeCloseTo(1 / 2.25, 12);
    expect(second).toBeCloseTo(-0.5 / 2.25, 12);
  });

  it('stays right to 1e-9 after a million updates of one vector', () => {
    const x = [1, 1, 0.333251953125, 0.66650390625, -0.965820312, -0.258789063, 1, 0.75, 0.125, 0.25, -0.5, 0.9].map(
      (value) => Math.round(value * 4096) / 4096,
    );
    const state = emptyState(12);
    for (let i = 0; i < 1_000_000; i++) add(state, x, i & 1, 1);
    expect(state.updates).toBe(1_000_000);
    // Exact sums make the closed form exact as well: a million times one product.
    expect(state.g[77]).toBe(x[11]! * x[11]! * 1_000_000);
    const g = x.map((a) => x.map((b) => a * b * 1_000_000));
    const b = x.map((a) => a * 500_000);
    const expected = oracleThetaExact({ g, b });
    posterior(state, 1).theta.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-9));
  });

  it('does not change the sums', () => {
    const state = emptyState(2);
    add(state, [1, 1], 1, 1);
    const before = encodeState(state);
    posterior(state, 1);
    expect(encodeState(state).equals(before)).toBe(true);
  });
});

describe('add', () => {
  it('refuses a vector of another dimension', () => {
    expect(() => add(emptyState(7), new Array(12).fill(1), 1, 1)).toThrow(expect.objectContaining({ code: 'internal' }));
  });
});

describe('the stored form', () => {
  const bytes = () => {
    const state = emptyState(2);
    add(state, [1, -0.5], 1, 1);
    return encodeState(state);
  };

  it('is pinned: files written by an older version must be read', () => {
    expect(bytes().toString('hex')).toBe(
      '0100020000000000' +
        '000000000000f03f' +
        '000000000000f03f' +
        '000000000000e0bf' +
        '000000000000d03f' +
        '000000000000f03f' +
        '000000000000e0bf',
    );
  });

  it.each([
    ['too short for a header', (b: Buffer) => b.subarray(0, 4), 'state_corrupt'],
    ['cut off', (b: Buffer) => b.subarray(0, b.length - 1), 'state_corrupt'],
    ['of another dimension', (b: Buffer) => Buffer.concat([b.subarray(0, 2), Buffer.from([3, 0]), b.subarray(4)]), 'state_corrupt'],
    ['of version 0', (b: Buffer) => Buffer.concat([Buffer.from([0, 0]), b.subarray(2)]), 'state_corrupt'],
    ['of a newer version', (b: Buffer) => Buffer.concat([Buffer.from([2, 0]), b.subarray(2)]), 'state_newer'],
  ])('%s is refused', (_, damage, code) => {
    expect(() => decodeState(damage(bytes()), 2)).toThrow(expect.objectContaining({ code }));
  });
});
