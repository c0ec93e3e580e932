/** What policies keep: bytes on disk for each user and policy and for each decision, and in memory for each state that is decoded. */
import { setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { POLICIES } from '../src/policies/registry.js';
import { decodeState } from '../src/policies/ridge-codec.js';
import type { RidgeState } from '../src/policies/ridge.js';
import { generationDirectory, partitionFile, partitionsIn } from '../src/store/directory/layout.js';

export interface PolicyMemoryRow {
  readonly policy: string;
  /** With a state of this policy. */
  readonly users: number;
  /** The stored sums of one user. */
  readonly stateBytes: number;
  /** Its row's share of the pages that hold the table. */
  readonly diskBytes: number;
  /** A decoded state in memory, where somebody holds one. */
  readonly heapBytes: number;
  /** Mean value of a tip.scored event, in the log and again in the state file. */
  readonly eventBytes: number;
}

export interface PolicyMemory {
  readonly rows: readonly PolicyMemoryRow[];
  readonly decisions: number;
  /** Of the state files' pages: decisions with their index and the links of their servings. */
  readonly decisionStateBytes: number;
  /** Of the log's pages: candidates, decision, serving and reaction. */
  readonly decisionLogBytes: number;
}

const HELD_STATES = 20_000;
const COLLECTIONS = 3;
const FREED_WITHIN_MS = 50;

/** Of a data directory on the embedded log that no service has open, and where every decision came out of the log. */
export async function policyMemory(dataDirectory: string): Promise<PolicyMemory> {
  const generation = generationDirectory(dataDirectory);
  const found = new Map(
    POLICIES.map(({ name }) => [name, { users: 0, state: 0, payload: 0, events: 0, event: 0, sample: undefined as Buffer | undefined }]),
  );
  const sums = { payload: 0, statePages: 0, decisionPages: 0, decisions: 0 };
  for (const partition of partitionsIn(generation)) {
    const db = new Database(partitionFile(generation, partition), { readonly: true });
    try {
      sums.statePages += pagesOf(db, ['policy_state']);
      sums.decisionPages += pagesOf(db, ['decision', 'decision_link']);
      for (const { policy, users, state, payload, sample } of db.prepare<[], StateSums>(STATE_SUMS).all()) {
        const of = found.get(policy);
        if (of === undefined) throw new Error(`the state files have sums of ${policy}, which is no policy`);
        of.users += users;
        of.state += state;
        of.payload += payload;
        of.sample ??= sample;
        sums.payload += payload;
      }
      for (const { policy, events, bytes } of db.prepare<[], EventSums>(EVENT_SUMS).all()) {
        const of = found.get(policy)!;
        of.events += events;
        of.event += bytes;
        sums.decisions += events;
      }
    } finally {
      db.close();
    }
  }
  const rows: PolicyMemoryRow[] = [];
  for (const { name, dimension } of POLICIES) {
    const { users, state, payload, events, event, sample } = found.get(name)!;
    if (sample === undefined) throw new Error(`no user has a state of ${name}`);
    rows.push({
      policy: name,
      users,
      stateBytes: Math.round(state / users),
      diskBytes: Math.round((payload / users) * (sums.statePages / sums.payload)),
      heapBytes: await heapOf(sample, dimension),
      eventBytes: Math.round(event / events),
    });
  }
  return {
    rows,
    decisions: sums.decisions,
    decisionStateBytes: Math.round(sums.decisionPages / sums.decisions),
    decisionLogBytes: Math.round(logBytes(dataDirectory) / sums.decisions),
  };
}

interface StateSums {
  readonly policy: string;
  readonly users: number;
  readonly state: number;
  /** With the policy's name, which makes rows of small states larger. */
  readonly payload: number;
  readonly sample: Buffer;
}
const STATE_SUMS =
  'SELECT policy, count(*) AS users, sum(length(state)) AS state, sum(length(state) + length(policy)) ' +
  'AS payload, state AS sample FROM policy_state GROUP BY policy';

interface EventSums {
  readonly policy: string;
  readonly events: number;
  readonly bytes: number;
}
const EVENT_SUMS = 'SELECT policy, count(*) AS events, sum(octet_length(record)) AS bytes FROM decision GROUP BY policy';

/** Bytes of the pages of tables and of all their indexes. */
function pagesOf(db: Database.Database, tables: readonly string[]): number {
  return db
    .prepare<string[], number>(
      `SELECT coalesce(sum(pgsize), 0) FROM dbstat JOIN sqlite_schema USING (name) WHERE tbl_name IN (${tables.map(() => '?').join(', ')})`,
    )
    .pluck()
    .get(...tables)!;
}

function logBytes(dataDirectory: string): number {
  const db = new Database(join(dataDirectory, 'log.db'), { readonly: true });
  try {
    return pagesOf(db, ['record']);
  } finally {
    db.close();
  }
}

/** Without the V8 heap of the array that holds them. */
async function heapOf(state: Buffer, dimension: number): Promise<number> {
  const held: RidgeState[] = new Array<RidgeState>(HELD_STATES);
  const before = await heldBytes();
  for (let i = 0; i < HELD_STATES; i++) held[i] = decodeState(state, dimension);
  const bytes = (await heldBytes()) - before;
  return Math.round(bytes / held.length);
}

/** After collections: buffers that one has found dead are freed by a thread beside it. */
async function heldBytes(): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let i = 0; i < COLLECTIONS; i++) {
    collect();
    await pause(FREED_WITHIN_MS);
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
