import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { asyncApiDocument } from '../../../contracts/asyncapi/document.js';
import { defaultCompatibility } from '../../../contracts/compatibility/check.js';
import { eventSchema, type JsonSchema } from '../../../contracts/json-schema.js';
import type { Config } from '../../../config.js';
import { cannotWrite, UsageError } from '../../../errors.js';
import { PACKAGE_VERSION } from '../../../package.js';
import { fullTopicName, TOPICS, TOPIC_NAMES, type TopicName } from '../../../topics.js';
import { defineCommand, type CommandContext } from '../../command.js';
import { oneOf } from '../../option-parsers.js';
import { knownTopic } from '../../topic-argument.js';

const FORMATS = ['asyncapi', 'json-schema'] as const;

interface ShowOptions {
  readonly list?: true;
  readonly out?: string;
  readonly format?: (typeof FORMATS)[number];
}

export const schemaShowCommand = defineCommand<ShowOptions>({
  name: 'show',
  arguments: '[topic]',
  summary: "Print a topic's JSON Schema, or all topics as AsyncAPI",
  details: 'The word show may be left out. Nothing is read but the definitions, so no data directory is needed.',
  examples: [
    ['tipstream schema tip.served', 'JSON Schema, draft 2020-12'],
    ['tipstream schema > asyncapi.json', 'an AsyncAPI 3.1 document'],
    ['tipstream schema --list', 'the topics, who writes them and what is promised of them'],
    ['tipstream schema --out contracts', 'the AsyncAPI document and the JSON Schema of each topic, as files'],
    ['tipstream schema --format json-schema', 'the JSON Schemas of all topics in one document'],
  ],
  groups: ['log'],
  options: [
    { flags: '--list', help: 'list the topics' },
    { flags: '--out <dir>', help: 'write files to this directory, which is made; files of the same names are written again' },
    {
      flags: '--format <format>',
      help: 'asyncapi or json-schema; default: json-schema of one topic, asyncapi of all, and both with --out',
      parse: oneOf('--format', FORMATS),
    },
  ],
  json: 'document',
  check({ args: [topic], options: { list, out, format } }) {
    if (list !== undefined && (topic !== undefined || out !== undefined || format !== undefined))
      throw new UsageError('--list takes no topic, no --out and no --format');
    if (topic !== undefined && format === 'asyncapi')
      throw new UsageError('--format asyncapi is one document of all topics', { hint: 'Leave the topic out.' });
  },
  async run({ args: [given], options, config, output, json }) {
    if (options.list !== undefined) return listTopics({ config, output, json });
    const topic = given === undefined ? undefined : knownTopic(config.topicPrefix, given);
    if (options.out !== undefined) return writeFiles(options.out, filesOf(topic, options.format, config), { output, json });
    if (topic !== undefined) return output.document(eventSchema(topic));
    return output.document(options.format === 'json-schema' ? bundle() : asyncApi(config));
  },
});

async function listTopics({ config, output, json }: Pick<CommandContext<ShowOptions>, 'config' | 'output' | 'json'>): Promise<void> {
  const topics = TOPIC_NAMES.map((topic) => {
    const { writtenBy, role, keyed, description } = TOPICS[topic];
    const name = fullTopicName(config.topicPrefix, topic);
    return {
      topic: name,
      written_by: writtenBy,
      folded: role === 'consumed',
      keyed,
      compatibility: defaultCompatibility(topic),
      description,
    };
  });
  if (json) return output.document({ topics });
  await output.table(
    ['TOPIC', 'WRITTEN BY', 'KEYED', 'COMPATIBILITY', 'DESCRIPTION'],
    topics.map(({ topic, written_by, keyed, compatibility, description }) => [topic, written_by, keyed, compatibility, description]),
  );
}

function asyncApi({ topicPrefix: prefix, partitions, group }: Config): JsonSchema {
  return asyncApiDocument({ prefix, partitions, group, version: PACKAGE_VERSION });
}

/** A compound document: each schema is found by its $id. */
function bundle(): JsonSchema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'urn:tipstream:schemas',
    title: 'tipstream',
    $defs: Object.fromEntries(TOPIC_NAMES.map((topic) => [topic, eventSchema(topic)])),
  };
}

function filesOf(
  topic: TopicName | undefined,
  format: ShowOptions['format'],
  config: Config,
): readonly [name: string, document: JsonSchema][] {
  const names = topic === undefined ? TOPIC_NAMES : [topic];
  const schemas = names.map((name): [string, JsonSchema] => [`${name}.schema.json`, eventSchema(name)]);
  const document: [string, JsonSchema] = ['asyncapi.json', asyncApi(config)];
  if (topic !== undefined || format === 'json-schema') return schemas;
  return format === 'asyncapi' ? [document] : [document, ...schemas];
}

async function writeFiles(
  directory: string,
  files: ReturnType<typeof filesOf>,
  { output, json }: Pick<CommandContext<ShowOptions>, 'output' | 'json'>,
): Promise<void> {
  try {
    mkdirSync(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw cannotWrite(directory, error);
  }
  for (const [name, document] of files) {
    const path = join(directory, name);
    try {
      writeFileSync(path, `${JSON.stringify(document, null, 2)}\n`);
    } catch (error) {
      throw cannotWrite(path, error);
    }
  }
  if (json) return output.document({ directory, files: files.map(([name]) => name) });
  for (const [name] of files) await output.write(`${join(directory, name)}\n`);
}
