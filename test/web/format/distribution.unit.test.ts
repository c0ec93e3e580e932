import { describe, expect, it } from 'vitest';
import { binName, distributionText, drawnBins, endsOf } from '../../../src/web/format/distribution.js';
import { foundQuality } from '../../support/fake-quality.js';

const [numbers, categories] = foundQuality(1_800_000_000_000).features;

describe('a distribution', () => {
  it('is drawn as shares of all, those of the baseline beside them', () => {
    expect(drawnBins(numbers!.distribution)).toEqual([
      { name: '0 to 0.5', kind: 'value', share: 0.7, before: 0.4 },
      { name: '0.5 to 1', kind: 'value', share: 0.28, before: 0.58 },
      { name: 'no value', kind: 'null', share: 0.02, before: 0.02 },
    ]);
    const without = numbers!.distribution.map((bin) => ({ ...bin, count: 0, baseline_count: null }));
    expect(drawnBins(without).map(({ share, before }) => [share, before])).toEqual([
      [0, null],
      [0, null],
      [0, null],
    ]);
  });

  it('has ends where it is of numbers', () => {
    expect(endsOf(numbers!.distribution)).toEqual(['0', '1']);
    expect(endsOf(categories!.distribution)).toEqual(['', '']);
  });

  it('names its bins', () => {
    const bin = { from: null, to: null, category: null, kind: 'value' as const };
    expect(binName({ ...bin, from: 3, to: 3 })).toBe('3');
    expect(binName({ ...bin, category: '' })).toBe('""');
    expect(binName({ ...bin, kind: 'others' })).toBe('other categories');
  });

  it('is said in words', () => {
    expect(distributionText(numbers!)).toBe(
      'completion_rate_30d of 1,000 users, 2 % without a value. Half of the values lie at or below 0.25 ratio. ' +
        'PSI against the 500 of the baseline is 0.4; the limit is 0.2.',
    );
    expect(distributionText({ ...categories!, psi: null })).toBe(
      'preferred_category of 1,000 users, 2 % without a value. There is no baseline.',
    );
  });
});
