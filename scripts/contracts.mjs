/**
 * Writes contracts/ and the Python module of the features: what other programs rely on, from the topic table and the registry of features.
 * Run `npm run contracts` after changing src/topics.ts or a feature.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { asyncApiDocument } from '../src/contracts/asyncapi/document.ts';
import { eventSchema } from '../src/contracts/json-schema.ts';
import { PYTHON_SCHEMA, pythonSchema } from '../src/contracts/python-schema.ts';
import { coreRegistry, registryOf } from '../src/projections/registry.ts';
import { TOPIC_NAMES } from '../src/topics.ts';
import { writeFixtures } from './fixtures.mjs';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const contracts = new URL('../contracts/', import.meta.url);
mkdirSync(new URL('schemas/', contracts), { recursive: true });
const write = (name, document) => writeFileSync(new URL(name, contracts), `${JSON.stringify(document, null, 2)}\n`);

write('asyncapi.json', asyncApiDocument({ prefix: '', partitions: 4, group: 'tipstream', version }));
for (const topic of TOPIC_NAMES) write(`schemas/${topic}.schema.json`, eventSchema(topic));

writeFileSync(new URL(`../${PYTHON_SCHEMA}`, import.meta.url), pythonSchema(coreRegistry, registryOf({ sets: ['core', 'activity'] })));
writeFixtures(new URL('fixtures/', contracts));
