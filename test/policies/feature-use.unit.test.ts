/** Which policies read a feature is found by trying; here it is held to what each entry says that it is made of. */
import { describe, expect, it } from 'vitest';
import { policiesReading } from '../../src/policies/reading/feature-use.js';
import { POLICIES } from '../../src/policies/registry.js';
import { coreRegistry } from '../../src/projections/registry.js';

const features = coreRegistry.features;

describe('who reads a feature', () => {
  it('is everybody who says so: every entry that is made of the profile is found, with each feature that it names', () => {
    for (const { name, featureNames, inputs } of POLICIES)
      for (const entry of featureNames) {
        const { from } = inputs[entry]!;
        const named = features.filter((feature) =>
          from === 'profile' ? feature.name === entry : from.includes('profile') && from.includes(feature.name),
        );
        if (from.includes('profile')) expect(named.length, `${name} ${entry}: ${from}`).toBeGreaterThan(0);
        for (const feature of features) {
          const reads = policiesReading(feature).some(({ policy, entries }) => policy === name && entries.includes(entry));
          expect(reads, `${name} ${entry} (${from}) and ${feature.name}`).toBe(named.includes(feature));
        }
      }
  });

  it('is nobody, of a feature that no policy knows', () => {
    expect(policiesReading({ name: 'tips_of_my_own', dtype: 'numeric' })).toEqual([]);
    expect(policiesReading({ name: 'word_of_my_own', dtype: 'categorical' })).toEqual([]);
  });
});
