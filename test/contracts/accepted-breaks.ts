/**
 * Breaks of older consumers or producers that a version brought on purpose. Each has a reason that its users are told; any other break
 * fails the test of fixtures.
 */
import type { Rule } from '../../src/contracts/compatibility/rules.js';

export interface AcceptedBreak {
  readonly topics: readonly string[];
  /** The first version of their schemas that has it. */
  readonly since: number;
  readonly rule: Rule;
  readonly path: string;
  readonly because: string;
}

export const ACCEPTED_BREAKS: readonly AcceptedBreak[] = [
  {
    topics: ['profile.features'],
    since: 2,
    rule: 'type-widened',
    path: 'features.*',
    because: 'a feature that has a number for each source is an object; the eight core features stay numbers, texts and null',
  },
  {
    topics: ['tip.scored', 'tip.scored.shadow'],
    since: 2,
    rule: 'type-widened',
    path: 'profile.features.*',
    because: 'as in profile.features',
  },
];
