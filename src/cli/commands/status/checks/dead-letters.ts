/** What was refused, by code, and whether any of it is new. */
import type { Config } from '../../../../config.js';
import type { LetterGroup } from '../../../../dead-letters/letter-list.js';
import { counted } from '../../../output/words.js';
import { nextCommand } from '../../../output/next-command.js';
import { ageText, type Check } from '../check.js';

/** Attention is asked for what was refused in this time: letters stay after they were redriven, and nobody would see new ones. */
export const NEW_FOR_MS = 86_400_000;

export interface DeadLetterFacts {
  readonly groups: readonly LetterGroup[];
  /** Whether all that the topics hold was read; otherwise there are more, older ones. */
  readonly isWhole: boolean;
  readonly nowMs: number;
}

export function deadLettersCheck(config: Config, { groups, isWhole, nowMs }: DeadLetterFacts): Check {
  const byCode = new Map<string, number>();
  for (const { code, records } of groups) byCode.set(code ?? 'unknown', (byCode.get(code ?? 'unknown') ?? 0) + records);
  const records = [...byCode.values()].reduce((sum, n) => sum + n, 0);
  const codes = [...byCode].toSorted(([, a], [, b]) => b - a);
  const newest = groups.length === 0 ? null : Math.max(...groups.map(({ newest_failed_at_ms: ms }) => ms));
  const numbers = { records, at_least: !isWhole, by_code: Object.fromEntries(codes), newest_failed_at_ms: newest };
  if (newest === null) {
    if (!isWhole) return { name: 'dead_letters', status: 'could_not_tell', summary: 'they could not be read in time', ...numbers };
    return { name: 'dead_letters', status: 'ok', summary: 'none', ...numbers };
  }
  const named = codes.slice(0, 3).map(([code, n]) => `${n.toLocaleString('en')} ${code}`);
  const rest = codes.length > 3 ? `, ${counted(codes.length - 3, 'more code')}` : '';
  const many = `${isWhole ? '' : 'at least '}${counted(records, 'refused record')}`;
  const summary = `${many} (${named.join(', ')}${rest}), the newest ${ageText(nowMs - newest)} ago`;
  if (nowMs - newest >= NEW_FOR_MS) return { name: 'dead_letters', status: 'ok', summary, ...numbers };
  return { name: 'dead_letters', status: 'attention', summary, next: nextCommand('dead-letters list', config), ...numbers };
}
