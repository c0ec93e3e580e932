/** `schema`: what it prints and writes, and what `schema check` says of older releases, with its exit code. */
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.js';
import { eventSchema } from '../../src/contracts/json-schema.js';
import { TOPIC_NAMES } from '../../src/topics.js';
import { runCommand } from '../support/cli-in-process.js';

const folder = mkdtempSync(join(tmpdir(), 'tipstream-schema-'));
const at = (name: string) => join(folder, name);
const schema = (...argv: string[]) => runCommand(COMMANDS, ['schema', ...argv]);
const write = (name: string, document: unknown) => writeFileSync(at(name), JSON.stringify(document));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('schema', () => {
  it('prints the schema of a topic, with and without the word show', async () => {
    const { code, stdout } = await schema('tip.served');
    expect({ code, document: JSON.parse(stdout) as unknown }).toEqual({
      code: 0,
      document: JSON.parse(JSON.stringify(eventSchema('tip.served'))),
    });
    expect(await schema('show', 'tip.served')).toMatchObject({ code: 0, stdout });
    expect(await schema('tip.served', '--topic-prefix', 'signals.')).toMatchObject({ code: 0, stdout });
  });

  it('prints all topics as AsyncAPI, or as JSON Schemas in one document', async () => {
    expect(JSON.parse((await schema()).stdout)).toMatchObject({ asyncapi: '3.1.0' });
    expect(Object.keys((JSON.parse((await schema('--format', 'json-schema')).stdout) as { $defs: object }).$defs)).toEqual(TOPIC_NAMES);
  });

  it('lists the topics', async () => {
    expect((await schema('--list')).stdout).toMatch(/^tip\.scored +workers +always +full +The decision/m);
    const { topics } = JSON.parse((await schema('--list', '--json', '--topic-prefix', 'signals.')).stdout) as { topics: object[] };
    expect(topics).toHaveLength(TOPIC_NAMES.length);
    expect(topics).toContainEqual(
      expect.objectContaining({ topic: 'signals.tip.served', written_by: 'producers', compatibility: 'backward' }),
    );
  });

  it('writes files', async () => {
    expect((await schema('--out', at('all'))).stdout.split('\n')).toHaveLength(TOPIC_NAMES.length + 2);
    expect(readdirSync(at('all')).sort()).toEqual(['asyncapi.json', ...TOPIC_NAMES.map((topic) => `${topic}.schema.json`)].sort());
    expect(JSON.parse((await schema('tip.served', '--out', at('one'), '--json')).stdout)).toMatchObject({
      files: ['tip.served.schema.json'],
    });
    expect(readFileSync(at('one/tip.served.schema.json'), 'utf8')).toBe((await schema('tip.served')).stdout);
    expect(await schema('--out', at('no/such/folder'))).toMatchObject({
      code: 74,
      stderr: expect.stringContaining('cannot write') as string,
    });
  });

  it.each([
    [['--list', 'tip.served'], '--list takes no topic'],
    [['tip.served', '--format', 'asyncapi'], '--format asyncapi is one document of all topics'],
    [['--format', 'yaml'], '--format must be one of asyncapi, json-schema, not "yaml"'],
  ])('%j is refused', async (argv, message) => {
    expect(await schema(...argv)).toMatchObject({ code: 64, stderr: expect.stringContaining(message) as string });
  });
});

describe('schema check', () => {
  beforeAll(async () => {
    await schema('--out', at('today'));
    await schema('--out', at('schemas-only'), '--format', 'json-schema');
    const served = eventSchema('tip.served') as { properties: Record<string, { anyOf: object[] }>; required: string[] };
    const { category: _, ...properties } = structuredClone(served.properties);
    Object.assign(properties['utc_offset_min']!.anyOf[0]!, { maximum: 900 });
    write('wider.json', { ...served, properties });
    write('same.json', { ...served, properties: { ...served.properties, mood: { type: 'string' } }, description: 'other words' });
    write('odd.json', { ...served, not: { required: ['mood'] } });
    mkdirSync(at('empty'));
  });

  it.each(['today', 'schemas-only'])('of the folder %s: today is compatible with itself', async (name) => {
    const { code, stdout } = await schema('check', at(name));
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringMatching(/^compatible: \d+ topics, /m) as string });
  });

  it('says what breaks, by rule, with path, old and new value, and exits with 2', async () => {
    const { code, stdout } = await schema('check', at('wider.json'));
    expect(stdout).toMatch(/^break \(backward\) +tip\.served +maximum-lowered +utc_offset_min +900 +840$/m);
    expect(stdout).toMatch(/^change +tip\.served +property-added +category/m);
    expect(stdout).toMatch(/^incompatible: 1 topic, 1 break, 1 compatible change\n$/m);
    expect(code).toBe(2);
  });

  it('prints the same as JSON', async () => {
    const { code, stdout } = await schema('check', at('wider.json'), '--json');
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({
      verdict: 'incompatible',
      old: at('wider.json'),
      topics: [
        {
          topic: 'tip.served',
          compatibility: 'backward',
          breaks: [{ rule: 'maximum-lowered', direction: 'backward', part: 'value', path: 'utc_offset_min', old: 900, new: 840 }],
          changes: [{ rule: 'property-added', path: 'category' }],
        },
      ],
    });
  });

  it('lists compatible changes and exits with 0', async () => {
    const { code, stdout } = await schema('check', at('same.json'));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^change +tip\.served +property-removed +mood/m);
    expect(stdout).toContain('compatible: 1 topic, 1 compatible change\n');
  });

  it('exits with 1 when it could not tell', async () => {
    const { code, stdout } = await schema('check', at('odd.json'));
    expect(code).toBe(1);
    expect(stdout).toMatch(/^could not tell +tip\.served +could-not-tell: the keyword not +the whole/m);
    expect(stdout).toContain('could not tell: 1 topic, 1 place it could not judge, no other change\n');
  });

  it('compares two releases, in the direction that is asked for', async () => {
    expect((await schema('check', at('wider.json'), '--new', at('same.json'))).code).toBe(2);
    expect((await schema('check', at('wider.json'), '--new', at('same.json'), '--compatibility', 'forward')).code).toBe(0);
    expect((await schema('check', at('same.json'), '--new', at('wider.json'))).code).toBe(0);
    expect((await schema('check', at('same.json'), '--new', at('wider.json'), '--compatibility', 'forward', '--strict')).code).toBe(2);
  });

  it.each([
    [at('empty'), 64, 'holds no contracts'],
    [at('none'), 1, 'cannot read'],
  ])('%s is refused', async (path, code, message) => {
    expect(await schema('check', path)).toMatchObject({ code, stderr: expect.stringContaining(message) as string });
  });
});
