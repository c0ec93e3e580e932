/** Dead letters over the running service: as the command lists and shows them, in time, and without keeping others waiting. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../../src/cli/commands.js';
import { buildServer } from '../../../src/http/server.js';
import { deadLetterSchema, deadLettersSchema } from '../../../src/http/dead-letters-schemas.js';
import type { DeadLettersDocument, DeadLetterSummary } from '../../../src/service/application.js';
import { makeDirectory } from '../../../src/make-directory.js';
import { deadLetterDirectory } from '../../../src/store/directory/layout.js';
import { runCommand } from '../../support/cli-in-process.js';
import { countTurns } from '../../support/count-turns.js';
import { embeddedService } from '../../support/embedded/directory.js';
import type { EmbeddedService } from '../../support/embedded/service.js';

const bad = (user: string, text = 'no json') => ({ topic: 'tip.served', key: Buffer.from(user), value: Buffer.from(text) });
const serve = ({ service }: EmbeddedService) => {
  const server = buildServer(service, { host: '127.0.0.1' });
  return async <T = DeadLettersDocument>(url: string) => {
    const { statusCode, payload } = await server.inject(url);
    return { status: statusCode, payload, body: JSON.parse(payload) as T };
  };
};
const command = async (embedded: EmbeddedService, ...args: string[]) =>
  JSON.parse((await runCommand(COMMANDS, ['dead-letters', ...args, '--json', '--data', embedded.directory])).stdout) as unknown;

describe('dead letters over HTTP', () => {
  it('are those that the command lists, whatever the filter', async () => {
    const embedded = await embeddedService({ partitions: 2 });
    await embedded.append(bad('ann'), bad('bob', '[]'), bad('cid', '{}'), { ...bad('ann'), topic: 'tip.feedback' });
    await embedded.catchUp();
    const [letter] = await embedded.records('tip.served-dlt');
    await embedded.append({ ...letter!, timestampMs: 5 });
    const file = {
      topic: 'tip.served-dlt',
      partition: 0,
      timestamp_ms: 9,
      key: 'x',
      value: 'whole',
      headers: [['__dlq.errors.code', 'value_too_large']],
    };
    makeDirectory(deadLetterDirectory(embedded.directory));
    writeFileSync(join(deadLetterDirectory(embedded.directory), 'tip.served-0-7.record.ndjson'), JSON.stringify(file));
    const ask = serve(embedded);
    const bySource = (letters: readonly DeadLetterSummary[]) => letters.map((each) => JSON.stringify(each)).sort();
    for (const [query, args] of [
      ['', []],
      ['?topic=tip.served', ['--topic', 'tip.served']],
      ['?code=not_json', ['--code', 'not_json']],
      ['?since_ms=100000000000', ['--since', '100000000000']],
      ['?since_ms=2999-01-01', ['--since', '2999-01-01']],
    ] as const) {
      const { status, body } = await ask(`/v1/dead-letters${query}`);
      expect(status).toBe(200);
      expect(deadLettersSchema.parse(body)).toEqual(body);
      expect(bySource(body.letters), query).toEqual(bySource((await command(embedded, 'list', ...args)) as DeadLetterSummary[]));
      expect(body).toMatchObject({ matching: body.letters.length, next_cursor: null, read: { is_whole: true, letters: 5, unread: [] } });
    }
    const { body } = await ask('/v1/dead-letters?limit=2');
    expect(body.letters).toHaveLength(2);
    expect(body.groups.map(({ topic, code, records }) => [topic, code, records])).toEqual([
      ['tip.feedback', 'not_json', 1],
      ['tip.served', 'invalid_event', 1],
      ['tip.served', 'not_json', 1],
      ['tip.served', 'not_object', 1],
      ['tip.served', 'value_too_large', 1],
    ]);
    const rest = await ask(`/v1/dead-letters?limit=10&cursor=${body.next_cursor}`);
    expect([...body.letters, ...rest.body.letters]).toEqual((await ask('/v1/dead-letters')).body.letters);
  });

  it('are shown as the command shows them, by either name of the topic', async () => {
    const embedded = await embeddedService({ partitions: 1, topicPrefix: 'signals.' });
    const deep = `${'['.repeat(5_000)}1.50${']'.repeat(5_000)}`;
    await embedded.append({ topic: 'signals.tip.served', key: Buffer.from([0xff]), value: Buffer.from(deep), headers: [['trace', null]] });
    await embedded.catchUp();
    const ask = serve(embedded);
    const { status, body, payload } = await ask<object & { value: unknown }>('/v1/dead-letters/signals.tip.served-dlt/0/0');
    expect(status).toBe(200);
    expect(payload).toContain(`"value":${deep},`);
    // What compares objects would not go so deep.
    const { value: _, ...flat } = body;
    expect(deadLetterSchema.parse({ ...flat, value: null })).toEqual({ ...flat, value: null });
    expect(flat).toMatchObject({
      code: 'not_object',
      source_offset: 0,
      key_hex: 'ff',
      headers: { trace: null },
      schema: { title: 'tip.served' },
    });
    const shown = (await command(embedded, 'show', 'tip.served-dlt/0/0', '--topic-prefix', 'signals.')) as object;
    expect({ ...shown, value: null }).toEqual({ ...flat, value: null });
    expect((await ask('/v1/dead-letters/tip.served-dlt/0/0')).payload).toBe(payload);
    const code = async (path: string) => {
      const answer = await ask<{ error: { code: string } }>(`/v1/dead-letters/${path}`);
      return [answer.status, answer.body.error.code];
    };
    expect(await code('tip.served-dlt/0/1')).toEqual([404, 'not_found']);
    expect(await code('tip.served-dlt/7/0')).toEqual([404, 'not_found']);
    expect(await code('tip.served/0/0')).toEqual([404, 'topic_not_found']);
    expect(await code('tip.served-dlt/0/x')).toEqual([400, 'invalid_argument']);
  });

  it('end in time while the log does not answer', async () => {
    const embedded = await embeddedService({ partitions: 1, logTimeoutMs: 200 });
    await embedded.append(bad('ann'));
    await embedded.catchUp();
    const ask = serve(embedded);
    const answerAgain = embedded.faults.hang();
    for (const path of ['/v1/dead-letters', '/v1/dead-letters/tip.served-dlt/0/0']) {
      const beganMs = performance.now();
      expect([503, 504]).toContain((await ask(path)).status);
      expect(performance.now() - beganMs).toBeLessThan(2_000);
    }
    answerAgain();
    await expect.poll(async () => (await ask('/v1/dead-letters')).status, { timeout: 5_000 }).toBe(200);
  });

  it('of which there are very many keep nobody waiting, and the answer says that it is of a part', async () => {
    const embedded = await embeddedService({ partitions: 1 });
    await embedded.append(bad('ann'));
    await embedded.catchUp();
    const [letter] = await embedded.records('tip.served-dlt');
    const headersAt = (offset: number) =>
      letter!.headers.map(([name, value]) => [name, name === '__dlq.errors.offset' ? Buffer.from(String(offset)) : value] as const);
    for (let at = 0; at < 30; at++)
      await embedded.append(...Array.from({ length: 1_000 }, (_, i) => ({ ...letter!, headers: headersAt(1_000 * at + i) })));
    const ask = serve(embedded);
    const stopCounting = countTurns();
    const { body } = await ask('/v1/dead-letters?limit=10');
    const others = stopCounting();
    // A turn for everybody else between two thousand records, whatever else the machine does.
    expect(others).toBeGreaterThanOrEqual(20);
    expect(body.letters.map(({ source_offset: offset }) => offset)).toContain(29_999);
    const [part] = body.read.unread;
    expect(body.read).toMatchObject({
      is_whole: false,
      letters: body.matching,
      unread: [{ topic: 'tip.served-dlt', partition: 0, low: 0, end: 30_001 }],
    });
    expect(part!.from).toBe(30_001 - body.matching);
  });
});
