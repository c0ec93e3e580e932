/**
 * Golden fixtures of a topic: events that were accepted, with what they decoded to, and events that were refused, with why. Made once for
 * each version of its schema, from its examples; a file that is there is never written again.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { withoutAnnotations } from '../src/contracts/annotations.ts';
import { EXAMPLES } from '../src/contracts/examples.ts';
import { eventSchema } from '../src/contracts/json-schema.ts';
import { decodeRecord, validate } from '../src/events/decode.ts';
import { partitionFunction } from '../src/log/partitioner.ts';
import { TOPIC_NAMES } from '../src/topics.ts';
import { RECORDS } from './fixture-records.mjs';
import { acceptedEvents, refusedEvents } from './fixture-events.mjs';

/** Writes what is missing below `folder`, a URL, and lists every file with its hash in SHA256SUMS. */
export function writeFixtures(folder) {
  for (const topic of TOPIC_NAMES) {
    const schema = withoutAnnotations(eventSchema(topic));
    const versions = versionsIn(new URL(`${topic}/`, folder));
    const newest = versions.at(-1);
    if (newest !== undefined && isDeepStrictEqual(newest.schema, plain(schema))) continue;
    write(folder, `${topic}/v${versions.length + 1}.json`, topicFixture(topic, versions.length + 1, schema));
  }
  for (const [at, records] of RECORDS.entries()) {
    const name = `records/v${at + 1}.json`;
    if (!existsSync(new URL(name, folder))) write(folder, name, { version: at + 1, partitions: 4, records: records.map(recordFixture) });
  }
  const listed = existsSync(new URL('SHA256SUMS', folder)) ? readFileSync(new URL('SHA256SUMS', folder), 'utf8').trimEnd().split('\n') : [];
  const names = new Set(listed.map((line) => line.split('  ')[1]));
  const added = filesIn(folder).filter((name) => !names.has(name));
  const lines = [...listed, ...added.map((name) => `${sha256(readFileSync(new URL(name, folder)))}  ${name}`)];
  writeFileSync(new URL('SHA256SUMS', folder), `${lines.sort((a, b) => (a.slice(66) < b.slice(66) ? -1 : 1)).join('\n')}\n`);
}

/** Each event goes where the decoder puts it: a value that its own field allows may break a rule between fields. */
function topicFixture(topic, version, schema) {
  const { minimal, full } = EXAMPLES[topic];
  const fixture = { topic, version, schema, valid: [], invalid: [] };
  for (const [name, event] of [...acceptedEvents(schema, minimal, full), ...refusedEvents(topic, schema, minimal, full)]) {
    const decoded = validate(topic, plain(event));
    if (decoded.ok) fixture.valid.push({ name, event, decodes_to: decoded.event });
    else fixture.invalid.push({ name, event, ...refusal(decoded) });
  }
  return fixture;
}

function recordFixture({ name, topic, key, value, headers = {}, partition, max_value_bytes = 1_048_576 }) {
  const bytes = Buffer.isBuffer(value) ? value : value === null ? null : Buffer.from(value);
  const record = {
    key: key === null ? null : Buffer.from(key),
    value: bytes,
    headers: Object.entries(headers).map(([header, text]) => [header, Buffer.from(text)]),
    partition,
  };
  const decoded = decodeRecord(topic, record, { partitioner: partitionFunction('murmur2'), partitions: 4, maxValueBytes: max_value_bytes });
  const result = decoded.ok ? { decodes_to: decoded.event } : refusal(decoded);
  return { name, topic, key, value_base64: bytes?.toString('base64') ?? null, headers, partition, max_value_bytes, ...result };
}

/** Messages may become clearer; code, stage and the first path may not change. */
function refusal({ rejection: { code, stage, message } }) {
  const path = stage === 'validate' ? /^([^\s:]+): /.exec(message)?.[1] : undefined;
  return { code, stage, ...(path === undefined ? {} : { path }) };
}

function versionsIn(folder) {
  if (!existsSync(folder)) return [];
  const numbers = readdirSync(folder).map((name) => Number(/^v(\d+)\.json$/.exec(name)?.[1]));
  return numbers.sort((a, b) => a - b).map((number) => JSON.parse(readFileSync(new URL(`v${number}.json`, folder), 'utf8')));
}

function filesIn(folder) {
  const folders = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders.flatMap(({ name }) => readdirSync(new URL(`${name}/`, folder)).map((file) => `${name}/${file}`));
}

function write(folder, name, document) {
  const file = new URL(name, folder);
  mkdirSync(new URL('.', file), { recursive: true });
  writeFileSync(file, `${linesOf(document)}\n`);
}

/** JSON with each case on a line of its own. */
function linesOf(document) {
  const cases = (list) => `[\n${list.map((one) => `  ${JSON.stringify(one)}`).join(',\n')}\n ]`;
  const text = (value) => (Array.isArray(value) ? cases(value) : JSON.stringify(value));
  return `{\n${Object.entries(document)
    .map(([name, value]) => ` "${name}": ${text(value)}`)
    .join(',\n')}\n}`;
}

const plain = (value) => JSON.parse(JSON.stringify(value));
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
