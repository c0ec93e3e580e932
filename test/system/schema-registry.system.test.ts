/** The commands with a Schema Registry: in threads and processes of their own, while it is away, and without it. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CliWorkspace, linesOf, until } from '../support/cli-process.js';
import { FIXTURE_RECORDS, FIXTURE_SCHEMAS, fixture } from '../support/registry-fixtures.js';
import { StandInRegistry } from '../support/stand-in-registry.js';

const workspace = new CliWorkspace();
let registry: StandInRegistry;
let env: Record<string, string>;
beforeAll(async () => {
  registry = await StandInRegistry.open({ schemas: FIXTURE_SCHEMAS });
  env = { TIPSTREAM_SCHEMA_REGISTRY: registry.url };
  const lines = FIXTURE_RECORDS.map(({ topic, key, value, headers }) =>
    JSON.stringify({
      topic,
      key: key.toString(),
      value: { base64: value.toString('base64') },
      headers: headers.map(([name, bytes]) => [name, { base64: bytes!.toString('base64') }]),
    }),
  );
  const produced = await workspace.run(['produce', '--raw'], { input: `${lines.join('\n')}\n` });
  expect(produced).toMatchObject({ code: 0 });
}, 60_000);
afterAll(async () => {
  workspace.dispose();
  await registry.goAway();
});

const AT = '2026-12-01T00:00:00Z';
const json = async (args: readonly string[], variables = env) => {
  const { code, stdout } = await workspace.run(args, { env: variables });
  return { code, document: JSON.parse(stdout) as Record<string, unknown> };
};

it('start waits for the registry, status and lag say why, and SIGTERM ends it within 5 s', async () => {
  await registry.goAway();
  const child = workspace.start(['start', '--no-http'], env);
  for await (const line of linesOf(child.stderr)) if (line.includes('waits for the Schema Registry')) break;
  child.stderr.resume();
  const reason = 'waits for schema id';
  await until('the note', async () => (await workspace.run(['status'])).stdout.includes(reason));
  const { stdout } = await workspace.run(['lag', '--json']);
  expect(stdout).toContain(reason);
  const beganMs = performance.now();
  child.kill('SIGTERM');
  expect(await new Promise((resolve) => child.once('close', resolve))).toBe(0);
  expect(performance.now() - beganMs).toBeLessThan(5_000);
  expect((await json(['dead-letters', 'list', '--json'])).document).toEqual([]);
}, 60_000);

it('start, verify and rebuild read what serializers wrote', async () => {
  await registry.comeBack();
  expect(await workspace.run(['start', '--no-http', '--until-caught-up'], { env })).toMatchObject({ code: 0 });
  const verified = await json(['verify', '--as-of', AT, '--json']);
  expect(verified).toMatchObject({ code: 0, document: { equal: true, verified_users: 3 } });
  expect(await workspace.run(['rebuild'], { env })).toMatchObject({ code: 0 });
  expect(await json(['verify', '--as-of', AT, '--json'])).toMatchObject({ code: 0, document: { equal: true, verified_users: 3 } });
}, 60_000);

it('without the option, what reads the state says that it was folded with a registry', async () => {
  const { code, document } = await json(['verify', '--json'], {});
  expect([code, document]).toMatchObject([1, { error: { code: 'state_mismatch' } }]);
});

it('tail prints what a value stands for, and its bytes with --raw', async () => {
  const tail = async (more: readonly string[], variables = env) => {
    const { stdout } = await workspace.run(['tail', 'tip.candidates', '--from-beginning', '--until-end', ...more], { env: variables });
    return (JSON.parse(stdout) as { value: unknown }).value;
  };
  const { value, event } = fixture('avro, a schema in another subject');
  const bytes = { base64: value.toString('base64') };
  expect(await tail([])).toMatchObject({ ...event, candidates: event!['candidates'] });
  expect(await tail(['--raw'])).toEqual(bytes);
  expect(await tail([], {})).toEqual(bytes);
});

it('dead-letters show says what the registry made of the record', async () => {
  const { document } = await json(['dead-letters', 'list', '--json']);
  const [letter] = document as unknown as [{ topic: string; partition: number; offset: number }];
  const shown = await json(['dead-letters', 'show', `${letter.topic}/${letter.partition}/${letter.offset}`]);
  expect(shown.document).toMatchObject({ code: 'unsupported_schema', message: expect.stringContaining('of type PROTOBUF') as string });
});
