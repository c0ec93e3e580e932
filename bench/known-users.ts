/** Users whom a profile read finds: those of the busiest, the laziest and all between who were served a tip lately. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { generationDirectory } from '../src/store/directory/layout.js';

const DAY_MS = 86_400_000;
const LATELY_MS = 25 * DAY_MS;
const FROM_EACH_PARTITION = 2_000;

export function knownUsers(dataDirectory: string, nowMs: number): string[] {
  const folder = generationDirectory(dataDirectory);
  const found: string[] = [];
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.db'))) {
    const db = new Database(join(folder, name), { readonly: true });
    const sql = 'SELECT user_id FROM user WHERE EXISTS (SELECT 1 FROM tip WHERE tip.uid = user.uid AND served_at_ms >= ?) LIMIT ?';
    found.push(
      ...db
        .prepare<[number, number], string>(sql)
        .pluck()
        .all(nowMs - LATELY_MS, FROM_EACH_PARTITION),
    );
    db.close();
  }
  return found;
}
