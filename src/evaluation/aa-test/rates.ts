/** What an A/A test found, row by row, as its table and its picture show it. */
import type { Interval } from '../confidence.js';
import type { AaResult, FalseAlarms } from './aa-test.js';

/** What did something, and what. */
export type Actor = 'guardrail rolls back' | 'comparison shows a gain' | 'gate promotes';

export interface RateRow {
  /** Percent treated; `all` of them together. */
  readonly world: string;
  readonly actor: Actor;
  /** Rollouts in which it could act. */
  readonly of: number;
  readonly acted: number;
  /** 95 %, of the rate. */
  readonly interval: Interval;
  /** What the rate may be at most. */
  readonly promised: number;
}

export function ratesOf(result: AaResult): RateRow[] {
  const { alpha, worlds } = result;
  const arms = (world: string, of: FalseAlarms): RateRow[] => [
    {
      world,
      actor: 'guardrail rolls back',
      of: of.decided,
      acted: of.false_rollbacks,
      interval: of.rollback_rate,
      promised: alpha.rollback,
    },
    { world, actor: 'comparison shows a gain', of: of.decided, acted: of.false_gains, interval: of.gain_rate, promised: alpha.gain },
  ];
  return [
    ...worlds.flatMap((world) => arms(world.name, world)),
    ...(worlds.length > 1 ? arms('all', result) : []),
    // Which users are treated is nothing to the gate, which judges decisions.
    {
      world: 'all',
      actor: 'gate promotes',
      of: result.judged,
      acted: result.false_promotes,
      interval: result.promote_rate,
      promised: alpha.promote,
    },
  ];
}

/** What the rows come to, a sentence each. */
export function sayRates(rows: readonly RateRow[]): string[] {
  const silent = rows.filter(({ of }) => of === 0);
  const many = rows.filter(({ of, interval, promised }) => of > 0 && interval.low > promised);
  const name = ({ world, actor }: RateRow): string => `${actor} (${world})`;
  return [
    ...(silent.length === 0
      ? []
      : [`too few users or decisions to act in any rollout, so nothing was tried: ${silent.map(name).join(', ')}`]),
    ...(silent.length === rows.length
      ? []
      : [many.length === 0 ? 'no rate is surely above what is promised' : `surely more often than promised: ${many.map(name).join(', ')}`]),
  ];
}
