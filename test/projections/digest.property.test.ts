import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareCodePoints } from '../../src/events/strings.js';
import { ProfileDigester } from '../../src/projections/digest.js';
import type { FeatureValues } from '../../src/projections/feature.js';
import { oracleDigest, type OracleProfile } from '../oracle/profile.js';

const value = fc.oneof(
  fc.constant(null),
  fc.constantFrom(0, -0, 1 / 3, 1e21, 5e-7, 2 ** 53),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.string({ unit: 'binary' }),
);

describe('the digest', () => {
  it('is what the oracle makes of the same profiles', () => {
    const profiles = fc.array(
      fc.tuple(fc.string({ unit: 'grapheme', minLength: 1 }), fc.record({ alpha: value, alpha_2: value, beta: value })),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(profiles, (entries) => {
        const users = new Map<string, FeatureValues>(entries);
        const digester = new ProfileDigester();
        for (const [userId, values] of [...users].sort(([a], [b]) => compareCodePoints(a, b))) digester.add(userId, values);
        expect(digester.finish()).toEqual({ digest: oracleDigest(users as ReadonlyMap<string, OracleProfile>), users: users.size });
      }),
      { numRuns: 150 },
    );
  });
});
