/** SQLite files of a stopped installation, read and altered as anybody with sqlite3 can. */
import Database from 'better-sqlite3';
import { generationDirectory, partitionFile, partitionsIn } from '../../../src/store/directory/layout.js';

/** Runs SQL against every state file of a data directory; answers how many rows it changed. */
export function changeState(dataDirectory: string, sql: string, ...parameters: readonly unknown[]): number {
  const generation = generationDirectory(dataDirectory);
  return partitionsIn(generation).reduce((changes, partition) => {
    const db = new Database(partitionFile(generation, partition));
    try {
      return changes + db.prepare(sql).run(...parameters).changes;
    } finally {
      db.close();
    }
  }, 0);
}

export function queryFile<Row>(path: string, sql: string, ...parameters: readonly unknown[]): Row[] {
  const db = new Database(path, { readonly: true });
  try {
    return db.prepare(sql).all(...parameters) as Row[];
  } finally {
    db.close();
  }
}
