/**
 * ECMAScript lists names like "9" and "10" before all others and in the order of numbers, and so did every document with
 * signal_age_ms_by_source, where the digest sorts names by code point.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { buildServer } from '../../src/http/server.js';
import { jsonText } from '../../src/projections/object-value.js';
import { registryOf } from '../../src/projections/registry.js';
import { embeddedService } from '../support/embedded/directory.js';
import { named, verified } from '../support/planted-state.js';
import { rebuilt } from '../support/rebuilds.js';

const NOW = 1_795_000_000_000;
const SORTED = '"signal_age_ms_by_source":{"10":1000,"9":2000,"a\\"b":3000,"mail":4000}';

it('names of sources are sorted by code point in every document', async () => {
  const registry = registryOf({ sets: ['core', 'activity'] });
  const embedded = await embeddedService({ registry, partitions: 1, clock: () => NOW });
  for (const [source, age] of Object.entries({ mail: 4_000, '9': 2_000, 'a"b': 3_000, '10': 1_000 }))
    await embedded.produce('signal.synced', { user_id: 'ann', source, synced_at_ms: NOW - age });
  await embedded.produce('tip.served', { user_id: 'ann', tip_id: 't1', served_at_ms: NOW - 1 });
  const candidates = [{ tip_id: 'c1', is_overdue: true, task_age_days: 2, priority: 3 }];
  await embedded.produce('tip.candidates', { user_id: 'ann', decision_id: 'd1', requested_at_ms: NOW, candidates });
  await embedded.catchUp();
  const server = buildServer(embedded.service, { host: '127.0.0.1' });
  expect((await server.inject(`/v1/profiles/ann?as_of_ms=${NOW}`)).body).toContain(SORTED);
  const payload = { user_ids: ['ann'], as_of_ms: NOW };
  expect((await server.inject({ method: 'POST', url: '/v1/profiles:batch', payload })).body).toContain(SORTED);
  await server.close();
  await embedded.stop();
  expect((await embedded.records('tip.scored')).map(({ value }) => value!.toString())).toEqual([expect.stringContaining(SORTED)]);
  expect((await embedded.records('profile.features')).at(-1)!.value!.toString()).toContain('_by_source":{"10":');
  expect(named(await verified(embedded, { asOfMs: NOW }))).toEqual([]);
  expect(await rebuilt(embedded)).toMatchObject({ changed_users: 0, difference_count: 0 });
});

const value = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.string(),
    fc.double(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.oneof(fc.constantFrom('10', '9', '0', 'a'), fc.string()), tie('value'), { maxKeys: 4, noNullPrototype: true }),
    fc.dictionary(fc.constantFrom('10', '9', '4294967295', 'a', '"9":1'), fc.integer(), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value;

it('a document says the same as JSON.stringify, in lines or not', () => {
  fc.assert(
    fc.property(value, fc.constantFrom(undefined, 2), (document, space) => {
      const [text, plain] = [jsonText(document, space), JSON.stringify(document, null, space)];
      expect(JSON.parse(text)).toEqual(JSON.parse(plain));
      // The same lines, in another order at most.
      expect([...text].sort().join('')).toBe([...plain].sort().join(''));
    }),
  );
  const sources = { mail: 4, '9': 2, '10': 1 };
  expect(jsonText({ sources })).toBe('{"sources":{"10":1,"9":2,"mail":4}}');
  expect(jsonText({ a: [{ sources, b: 1 }] }, 2)).toBe(
    JSON.stringify({ a: [{ sources: { A: 1, B: 2, mail: 4 }, b: 1 }] }, null, 2)
      .replace('"A"', '"10"')
      .replace('"B"', '"9"'),
  );
});
