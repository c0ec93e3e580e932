/** Alerts on what a service may have besides: a Schema Registry, an audit trail that callers fill, a prior. */
import { expect, it, vi } from 'vitest';
import { TipstreamError } from '../../src/errors.js';
import { startHttp } from '../../src/http/start.js';
import { policyNamed } from '../../src/policies/registry.js';
import { vectorFingerprint } from '../../src/policies/vector-fingerprint.js';
import { expectFiring, scrape, type Scrape } from '../support/alert-trial.js';
import { embeddedService } from '../support/embedded/directory.js';
import { appendStretch } from '../support/embedded/logged-world.js';
import { withRegistry } from '../support/embedded/registry.js';
import type { EmbeddedService } from '../support/embedded/service.js';
import { withPromtool } from '../support/promtool.js';
import { fixture } from '../support/registry-fixtures.js';
import { FIRED_BY_PARTS } from './fired-by-parts.js';

const NOW_MS = 1_795_219_200_000;
const MINUTE_MS = 60_000;
const SOON = { timeout: 60_000, interval: 200 };

const fired = new Set<string>();
/** Nothing fires before the second scrape, and this alone so many minutes into it. */
async function firesAlone(well: Scrape, ill: Scrape, alert: string, minutes = 20): Promise<void> {
  await expectFiring(
    [
      { scrape: well, minutes: 30 },
      { scrape: ill, minutes: 30 },
    ],
    [
      [29, []],
      [30 + minutes, [alert]],
    ],
  );
  fired.add(alert);
}

async function scraped(embedded: EmbeddedService): Promise<Scrape> {
  const server = await startHttp(embedded.service, { host: '127.0.0.1', port: 0 });
  try {
    return await scrape(server.address, () => NOW_MS);
  } finally {
    await server.close();
  }
}

const sampleOf = ({ samples }: Scrape, name: string) => [...samples].find(([labelled]) => labelled.startsWith(name))?.[1];

it.skipIf(!withPromtool)('fires while partitions wait for the Schema Registry', async () => {
  const { embedded, registry } = await withRegistry(NOW_MS);
  const served = { user_id: 'ana', tip_id: 't', served_at_ms: NOW_MS - 1 };
  await embedded.append({ topic: 'tip.served', key: Buffer.from('ana'), value: Buffer.from(JSON.stringify(served)), timestampMs: NOW_MS });
  await embedded.catchUp();
  const well = await scraped(embedded);
  await registry.goAway();
  const { topic, key, value, headers } = fixture('avro');
  await embedded.append({ topic, key, value, headers, timestampMs: NOW_MS });
  let ill = well;
  await vi.waitFor(async () => {
    ill = await scraped(embedded);
    expect(sampleOf(ill, 'tipstream_schema_registry_waiting_partitions')).toBe(1);
  }, SOON);
  // Before the stalled partition is an alert of its own.
  await firesAlone(well, ill, 'TipstreamSchemaRegistryUnreachable', 4);
});

it.skipIf(!withPromtool)('fires when an entry of the audit trail cannot be written', async () => {
  const embedded = await embeddedService({ partitions: 1, clock: () => NOW_MS });
  await embedded.catchUp();
  const append = embedded.faults.append.bind(embedded.faults);
  embedded.faults.append = async (records, ...rest) => {
    if (records.some(({ topic }) => topic === 'tipstream.audit')) throw new TipstreamError('topic_not_found', 'no topic tipstream.audit');
    return append(records, ...rest);
  };
  const well = await scraped(embedded);
  const server = await startHttp(embedded.service, { host: '127.0.0.1', port: 0 });
  const answer = await fetch(`${server.address}/reset`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user_id: 'ana' }),
  });
  expect(answer.status).toBe(200);
  await server.close();
  let ill = well;
  await vi.waitFor(async () => {
    ill = await scraped(embedded);
    expect(sampleOf(ill, 'tipstream_audit_entries_total{outcome="lost"')).toBe(1);
  }, SOON);
  await firesAlone(well, ill, 'TipstreamAuditEntriesLost');
});

it.skipIf(!withPromtool)('fires when the prior in effect predicts worse than a constant', async () => {
  const decisions = 1_060;
  const fromMs = NOW_MS - decisions * MINUTE_MS;
  const embedded = await embeddedService({ partitions: 2, clock: () => NOW_MS });
  await embedded.catchUp();
  const well = await scraped(embedded);
  const definition = policyNamed('egreedy-v1');
  const theta = definition.featureNames.map((name) => ({ bias: 0.8, is_overdue: -0.5 })[name] ?? 0);
  await embedded.produce('policy.control', {
    control_id: 'prior-1',
    type: 'configure',
    effective_at_ms: fromMs + 60 * MINUTE_MS,
    settings: { prior: { policy: definition.name, theta, vectors: vectorFingerprint(definition) } },
  });
  await appendStretch(embedded, {
    ...{ epsilon: 1, prefersOverdue: false, chances: { overdue: 0.8, other: 0.3 }, users: 40, everyMs: MINUTE_MS },
    ...{ decisions, fromMs },
  });
  await embedded.catchUp();
  let ill = well;
  await vi.waitFor(async () => {
    ill = await scraped(embedded);
    expect(sampleOf(ill, 'tipstream_prior_worse')).toBe(1);
  }, SOON);
  await firesAlone(well, ill, 'TipstreamPriorWorse');
});

it.skipIf(!withPromtool)('fires when the prior does not hold, and not when reactions are worth the same again', async () => {
  const embedded = await embeddedService({ partitions: 1, clock: () => NOW_MS });
  const configure = async (controlId: string, atMs: number, settings: object) => {
    await embedded.produce('policy.control', { control_id: controlId, type: 'configure', effective_at_ms: atMs, settings });
    await embedded.catchUp();
    return scraped(embedded);
  };
  const definition = policyNamed('egreedy-v2');
  const theta = definition.featureNames.map(() => 0.1);
  const fresh = await configure('prior-1', NOW_MS - 3 * MINUTE_MS, {
    prior: { policy: definition.name, theta, vectors: vectorFingerprint(definition) },
  });
  const stale = await configure('worth', NOW_MS - 2 * MINUTE_MS, { rewards: { dismiss: -1 } });
  const again = await configure('worth-again', NOW_MS - MINUTE_MS, { rewards: { dismiss: 0 } });
  expect([fresh, stale, again].map((one) => sampleOf(one, 'tipstream_prior_stale'))).toEqual([0, 1, 0]);
  await expectFiring(
    [
      { scrape: fresh, minutes: 30 },
      { scrape: stale, minutes: 90 },
      { scrape: again, minutes: 30 },
    ],
    [
      [89, []],
      [95, ['TipstreamPriorStale']],
      [140, []],
    ],
  );
  fired.add('TipstreamPriorStale');
});

it.skipIf(!withPromtool)('the list of these alerts is true', () => {
  expect([...fired].sort()).toEqual([...FIRED_BY_PARTS].sort());
});
