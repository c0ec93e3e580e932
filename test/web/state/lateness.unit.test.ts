import { describe, expect, it } from 'vitest';
import { readText } from '../../../src/web/state/lateness.js';
import { QUALITY } from '../../support/fake-application.js';

describe('what an answer about lateness is of', () => {
  it.each([
    ['one partition', { partitions: [3], lateness: [] }, 'Of the newest records of partition 3.'],
    [
      'nothing',
      { partitions: [], lateness: [] },
      'No partition is held here, so nothing was looked at. Another member of the group may hold them all.',
    ],
    ['a part', QUALITY, 'Of the newest records of the 4 partitions held here. Not read in time: tip.feedback at 125 offsets.'],
  ])('is said of %s', (_, quality, text) => expect(readText(quality)).toBe(text));
});
