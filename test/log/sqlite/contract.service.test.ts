/** The embedded log keeps the contract of every log, and what only it promises: its file, its limits, several processes. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openSqliteLog } from '../../../src/log/sqlite/index.js';
import { logContract } from '../contract/contract.js';

const ELSEWHERE = fileURLToPath(new URL('../../support/log/sqlite-elsewhere.ts', import.meta.url));

logContract(
  'sqlite',
  async () => {
    const directory = await mkdtemp(join(tmpdir(), 'tipstream-log-'));
    const first = await openSqliteLog({ directory });
    let log = first;
    return {
      log: first,
      reopen: async () => {
        await log.close();
        log = await openSqliteLog({ directory });
        return log;
      },
      cleanup: async () => {
        await log.close();
        await rm(directory, { recursive: true });
      },
      elsewhere: { module: ELSEWHERE, argument: directory },
      truncateBefore: (topic, partition, offset) => log.truncateBefore(topic, partition, offset),
    };
  },
  { patienceMs: 5000 },
);
