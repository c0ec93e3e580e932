import { expect, it } from 'vitest';
import { streamTimeOf, type PartitionProgress } from '../../../src/evaluation/rollouts/stream-time.js';

const at = (newestMs: number | undefined, isBehind = false): PartitionProgress => ({ newestMs, isBehind });

it.each<[string, PartitionProgress[], number | undefined]>([
  ['no partition says nothing', [], undefined],
  ['nobody has seen an event', [at(undefined), at(undefined)], undefined],
  ['the newest event of all, where nobody is behind: a quiet partition holds nobody up', [at(5), at(9), at(undefined)], 9],
  ['the one that is behind holds it up', [at(5, true), at(9)], 5],
  ['the one that is behind is ahead of the others', [at(9, true), at(5)], 9],
  ['of two that are behind, the slower', [at(9, true), at(5, true), at(7)], 5],
  ['one that is behind and has seen nothing: it cannot be told', [at(undefined, true), at(9)], undefined],
])('%s', (_, partitions, expected) => expect(streamTimeOf(partitions)).toBe(expected));
