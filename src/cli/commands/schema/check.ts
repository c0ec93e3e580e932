import {
  checkContracts,
  COMPATIBILITIES,
  overallVerdict,
  type Change,
  type Compatibility,
  type Contracts,
  type TopicVerdict,
  type Verdict,
} from '../../../contracts/compatibility/check.js';
import { contractsIn } from '../../../contracts/compatibility/documents.js';
import { asyncApiDocument } from '../../../contracts/asyncapi/document.js';
import { PACKAGE_VERSION } from '../../../package.js';
import { defineCommand } from '../../command.js';
import { EXIT } from '../../failure.js';
import { oneOf } from '../../option-parsers.js';
import type { Output } from '../../output/output.js';
import { counted, cut } from '../../output/words.js';
import { readContracts } from './read-contracts.js';

interface CheckOptions {
  readonly new?: string;
  readonly compatibility?: Compatibility;
  readonly strict?: true;
}

const EXIT_OF: Readonly<Record<Verdict, number>> = { compatible: EXIT.ok, incompatible: EXIT.differs, could_not_tell: EXIT.error };

export const schemaCheckCommand = defineCommand<CheckOptions>({
  name: 'check',
  arguments: '<old>',
  summary: 'Whether the schemas of today break events or consumers of older ones',
  details:
    'OLD is a JSON Schema, an AsyncAPI 3 document, or a folder with them. Each topic is held to backward (old events are read), ' +
    'forward (old consumers read what is written now) or full (both), by who writes it.\n\n' +
    'Exit code: 0 compatible, 2 incompatible, 1 it could not tell.',
  examples: [
    ['tipstream schema check contracts-of-last-release', 'a folder that `schema --out` wrote, against today'],
    ['tipstream schema check tip.served.schema.json', 'whether events of this schema are still accepted'],
    ['tipstream schema check old --new new', 'two releases'],
    ["tipstream schema check old --json | jq -r '.topics[].breaks[].path'", 'for programs'],
  ],
  groups: [],
  options: [
    { flags: '--new <path>', help: 'compare with this file or folder, and not with the schemas of this tipstream' },
    {
      flags: '--compatibility <name>',
      help: `hold every topic to ${COMPATIBILITIES.join(', ')}; default: by who writes the topic, as schema --list says`,
      parse: oneOf('--compatibility', COMPATIBILITIES),
    },
    { flags: '--strict', help: 'a field that a schema does not name, but allows, counts as written, with any value' },
  ],
  json: 'document',
  async run({ args: [path], options, output, json, signal }) {
    const { contracts: before, isPart } = await readContracts(path!, signal);
    const all = options.new === undefined ? ours() : (await readContracts(options.new, signal)).contracts;
    const after = isPart ? new Map([...all].filter(([topic]) => before.has(topic))) : all;
    const topics = checkContracts(before, after, { compatibility: options.compatibility, strict: options.strict === true });
    const verdict = overallVerdict(topics);
    const names = { old: path, new: options.new ?? `tipstream ${PACKAGE_VERSION}` };
    await (json ? output.document({ verdict, ...names, strict: options.strict === true, topics }) : report(output, verdict, topics));
    return EXIT_OF[verdict];
  },
});

function ours(): Contracts {
  const document = asyncApiDocument({ prefix: '', partitions: 4, group: 'tipstream', version: PACKAGE_VERSION });
  return contractsIn(document, 'asyncapi.json') as Contracts;
}

async function report(output: Output, verdict: Verdict, topics: readonly TopicVerdict[]): Promise<void> {
  const rows = (
    [
      ['break', 'breaks'],
      ['could not tell', 'could_not_tell'],
      ['change', 'changes'],
    ] as const
  ).flatMap(([word, list]) => topics.flatMap((one) => one[list].map((change) => rowOf(word, one, change))));
  if (rows.length > 0) await output.table(['VERDICT', 'TOPIC', 'RULE', 'WHERE', 'OLD', 'NEW'], rows);
  const count = (list: 'breaks' | 'could_not_tell' | 'changes') => topics.reduce((sum, one) => sum + one[list].length, 0);
  const parts = [
    ...(count('breaks') > 0 ? [counted(count('breaks'), 'break')] : []),
    ...(count('could_not_tell') > 0 ? [`${counted(count('could_not_tell'), 'place')} it could not judge`] : []),
    count('changes') > 0 ? counted(count('changes'), 'compatible change') : 'no other change',
  ];
  await output.write(`${verdict.replaceAll('_', ' ')}: ${counted(topics.length, 'topic')}, ${parts.join(', ')}\n`);
}

function rowOf(word: string, { topic, compatibility }: TopicVerdict, change: Change): (string | null)[] {
  const part = change.part === 'value' ? '' : `(${change.part}) `;
  const when = change.when === undefined ? '' : ` when ${change.when}`;
  const where = `${part}${change.path === '' ? (change.rule.startsWith('topic-') ? '' : 'the whole') : change.path}${when}`;
  const said = (value: unknown) => (value === undefined ? null : cut(typeof value === 'string' ? value : JSON.stringify(value), 40));
  const rule = change.reason === undefined ? change.rule : `${change.rule}: ${cut(change.reason, 60)}`;
  const name =
    word === 'break' && change.rule !== 'topic-removed' ? `${word} (${compatibility === 'full' ? change.direction : compatibility})` : word;
  return [name, topic, rule, where === '' ? null : where, said(change.old), said(change.new)];
}
