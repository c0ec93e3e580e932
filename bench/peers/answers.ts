/** The digest of a peer's answers, to be compared with `tipstream digest`: without the same answers a time means nothing. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';

/**
 * `file`: a line for each user, as Sums.line of the peers makes it. Users are sorted by UTF-16 unit, which is by code point for the ids of
 * the benchmark.
 */
export async function digestOfAnswers(file: string): Promise<string> {
  const users = (await readFile(file, 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'))
    .filter(([, known]) => known !== '0')
    .sort(([a], [b]) => (a! < b! ? -1 : 1));
  const hash = createHash('sha256');
  for (const [user, , ...fields] of users)
    for (const [name, value] of Object.entries(featuresOf(fields))) hash.update(`${user}\t${name}\t${JSON.stringify(value)}\n`);
  return hash.digest('hex');
}

function featuresOf(fields: readonly string[]): Record<string, number | string | null> {
  const [volume, done, dismissed, snoozed, dwells, dwellMs, hour, weekday] = fields.slice(0, 8).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const category = fields[8]!;
  const share = (part: number, whole: number) => (whole === 0 ? null : part / whole);
  return {
    completion_rate_30d: share(done, volume),
    dismiss_rate_30d: share(dismissed, volume),
    mean_dwell_ms_30d: share(dwellMs, dwells),
    preferred_category: category === '' ? null : category.slice(1),
    preferred_hour: hour < 0 ? null : hour,
    preferred_weekday: weekday < 0 ? null : weekday,
    snooze_rate_30d: share(snoozed, volume),
    tip_volume_30d: volume,
  };
}
