/** Embedded logs for tests: each in a directory of its own, closed and removed after the test. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { TopicSettings } from '../../../src/log/port.js';
import { openSqliteLog, type SqliteLog, type SqliteLogOptions } from '../../../src/log/sqlite/index.js';

export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'tipstream-log-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** Without a directory, in a new one. */
export async function sqliteLog(options: Partial<SqliteLogOptions> = {}): Promise<SqliteLog> {
  const log = await openSqliteLog({ directory: options.directory ?? (await temporaryDirectory()), ...options });
  onTestFinished(() => log.close());
  return log;
}

export function topicOf(name: string, partitions: number, settings: Partial<TopicSettings> = {}): TopicSettings {
  return { name, partitions, retentionMs: -1, cleanupPolicy: 'delete', maxMessageBytes: 1_048_588, ...settings };
}
