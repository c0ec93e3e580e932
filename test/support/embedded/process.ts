/**
 * `tipstream start` as a process of its own on a directory whose log the test writes, and what it left in the log and in the state
 * files.
 */
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'vitest';
import { ensureTopics } from '../../../src/log/ensure-topics.js';
import { openSqliteLog, type SqliteLog } from '../../../src/log/sqlite/index.js';
import type { LogRecord } from '../../../src/log/port.js';
import type { ScoredEvent } from '../../../src/topics.js';
import { CliWorkspace, type Finished } from '../cli-process.js';
import { oracleDigest, oracleProfiles, type OracleEvent } from '../../oracle/profile.js';
import { TRAFFIC_AS_OF_MS } from './traffic.js';

export interface StartedProcess {
  readonly child: ChildProcessWithoutNullStreams;
  /** Resolves when its workers have joined the group. */
  readonly joined: Promise<void>;
  readonly ended: Promise<Finished & { readonly signal: NodeJS.Signals | null }>;
  readonly stderr: () => string;
}

export class EmbeddedDirectory {
  readonly workspace = new CliWorkspace();
  readonly data: string;
  readonly log: SqliteLog;

  private constructor(workspace: CliWorkspace, data: string, log: SqliteLog) {
    this.workspace = workspace;
    this.data = data;
    this.log = log;
  }

  /** In `data`, or in a new workspace. */
  static async open(data?: string): Promise<EmbeddedDirectory> {
    const workspace = new CliWorkspace();
    const directory = data ?? join(workspace.directory, 'data');
    const log = await openSqliteLog({ directory, synchronous: 'normal' });
    await ensureTopics(log, { prefix: '', partitions: 4, partitionsGiven: false });
    return new EmbeddedDirectory(workspace, directory, log);
  }

  start(...args: readonly string[]): StartedProcess {
    const child = this.workspace.start(['start', '--data', this.data, '--no-http', ...args]);
    const [out, err]: [string[], string[]] = [[], []];
    let join_: () => void;
    let fail: (error: Error) => void;
    const joined = new Promise<void>((resolve, reject) => ([join_, fail] = [resolve, reject]));
    joined.catch(() => undefined);
    child.stdout.on('data', (piece: Buffer) => out.push(piece.toString()));
    child.stderr.on('data', (piece: Buffer) => {
      err.push(piece.toString());
      if (err.join('').includes('joined the consumer group')) join_();
    });
    const ended = new Promise<Finished & { signal: NodeJS.Signals | null }>((resolve) => {
      child.once('close', (code, signal) => {
        fail(new Error(`ended with ${code ?? signal}: ${err.join('')}`));
        resolve({ code, signal, stdout: out.join(''), stderr: err.join('') });
      });
    });
    return { child, joined, ended, stderr: () => err.join('') };
  }

  /** `start --until-caught-up`, which must end well. */
  async catchUp(...args: readonly string[]): Promise<void> {
    const { code, stderr } = await this.start('--until-caught-up', ...args).ended;
    expect(code, stderr).toBe(0);
  }

  async run(...args: readonly string[]): Promise<Finished> {
    return this.workspace.run([...args, '--data', this.data]);
  }

  async records(topic: string): Promise<LogRecord[]> {
    const found: LogRecord[] = [];
    for (const [partition, { low, end }] of await this.log.offsets(topic)) {
      if (low < end) for await (const records of this.log.read({ topic, partition, from: low, to: end })) found.push(...records);
    }
    return found;
  }

  /** `tipstream digest` says what the oracle says of the log. */
  async expectOracleDigest(asOfMs = TRAFFIC_AS_OF_MS): Promise<void> {
    const events: OracleEvent[] = [];
    for (const topic of ['tip.served', 'tip.feedback']) {
      for (const { value } of await this.records(topic)) {
        const text = value!.toString();
        if (!text.startsWith('{') || text.includes('"served_at_ms":-1')) continue;
        events.push({ topic, value: JSON.parse(text) as OracleEvent['value'] });
      }
    }
    const expected = oracleProfiles(events, asOfMs);
    const { code, stdout, stderr } = await this.run('digest', '--json', '--as-of', String(asOfMs));
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ digest: oracleDigest(expected), users: expected.size });
  }

  /** Every candidates event has one decision, published any number of times with the same content; every refused record is in its -dlt. */
  async expectAnswered(): Promise<void> {
    const asked = (await this.records('tip.candidates')).map(({ value }) => (JSON.parse(value!.toString()) as ScoredEvent).decision_id);
    const contents = new Map<string, string>();
    for (const { value } of await this.records('tip.scored')) {
      const text = value!.toString();
      const { decision_id } = JSON.parse(text) as ScoredEvent;
      expect(contents.get(decision_id) ?? text, `${decision_id} was published with two contents`).toBe(text);
      contents.set(decision_id, text);
    }
    expect([...contents.keys()].sort()).toEqual([...new Set(asked)].sort());
    for (const topic of ['tip.served', 'tip.feedback']) {
      const refused = (await this.records(topic)).filter(
        ({ value }) => value!.toString() === 'not json' || value!.includes('"served_at_ms":-1'),
      );
      const letters = new Set(
        (await this.records(`${topic}-dlt`)).map(({ headers }) =>
          headers
            .filter(([name]) => /\.(partition|offset)$/.test(name))
            .map(([, value]) => value!.toString())
            .join('/'),
        ),
      );
      expect([...letters].sort()).toEqual(refused.map(({ partition, offset }) => `${partition}/${offset}`).sort());
    }
  }

  async close(): Promise<void> {
    await this.log.close();
    this.workspace.dispose();
  }
}
