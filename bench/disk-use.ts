/** How large the state is: the bytes of each table's pages over all partitions, and what that makes for a tip and for a user. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { generationDirectory } from '../src/store/directory/layout.js';

export interface DiskUse {
  readonly tips: number;
  readonly users: number;
  /** Tips and their index of times. */
  readonly bytesPerTip: number;
  /** Users and the index of their ids. */
  readonly bytesPerUser: number;
  /** Whole files. */
  readonly mib: number;
}

export function diskUse(dataDirectory: string): DiskUse {
  const folder = generationDirectory(dataDirectory);
  const sums = { tips: 0, users: 0, tipBytes: 0, userBytes: 0, bytes: 0 };
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.db'))) {
    const db = new Database(join(folder, name), { readonly: true });
    const count = (sql: string) => db.prepare<[], number>(sql).pluck().get() ?? 0;
    const pages = (table: string) => count(`SELECT sum(pgsize) FROM dbstat JOIN sqlite_schema USING (name) WHERE tbl_name LIKE '${table}'`);
    sums.tips += count('SELECT count(*) FROM tip');
    sums.users += count('SELECT count(*) FROM user');
    sums.tipBytes += pages('tip%');
    sums.userBytes += pages('user');
    sums.bytes += count('SELECT page_count * page_size FROM pragma_page_count, pragma_page_size');
    db.close();
  }
  return {
    tips: sums.tips,
    users: sums.users,
    mib: Math.round(sums.bytes / 2 ** 20),
    bytesPerTip: Math.round(sums.tipBytes / sums.tips),
    bytesPerUser: Math.round(sums.userBytes / sums.users),
  };
}
