import { actorText } from '../../audit-trail/actor.js';
import { readTrail, type AuditDocument, type TrailEntry } from '../../audit-trail/read-trail.js';
import { ACTOR_KINDS, AUDIT_ACTIONS } from '../../events/audit-event.js';
import { UsageError } from '../../errors.js';
import { forgottenTimes } from '../../log/forgotten.js';
import { openLog } from '../../log/open.js';
import { AUDIT_TOPIC, fullTopicName } from '../../topics.js';
import { defineCommand } from '../command.js';
import { wholeNumber } from '../option-parsers.js';
import type { Output } from '../output/output.js';
import { timeOption } from '../time-argument.js';

interface AuditOptions {
  readonly since?: number;
  readonly until?: number;
  readonly last: number;
  readonly actor?: string;
  readonly action?: string;
}

const DEFAULT_LAST = 50;

export const auditCommand = defineCommand<AuditOptions>({
  name: 'audit',
  summary: 'Show who changed what, newest first',
  details: [
    'Reads the topic tipstream.audit. The service appends an entry for each change that a caller asks for over HTTP, and for each ' +
      'rollback by the guardrail. Each command that changes something appends one when it ends. Entries are there whether the change ' +
      'succeeded, failed or was refused.',
    'Events that a caller appends over HTTP are one entry for all its requests within 10 s. Entries of programs that use the library, or ' +
      'that write to Kafka themselves, are not there: tipstream does not see these.',
    `Actions: ${AUDIT_ACTIONS.join(', ')}.`,
  ].join('\n\n'),
  examples: [
    ['tipstream audit', `the newest ${DEFAULT_LAST} entries`],
    ['tipstream audit --action policy --last 10', 'what was done to policies'],
    ['tipstream audit --actor guardrail', 'what the service rolled back by itself'],
    ['tipstream audit --since 2026-11-20T00:00:00Z --until 2026-11-21T00:00:00Z --last 10000', 'a day'],
    ['tipstream audit --json | jq \'.entries[] | select(.outcome != "done")\'', 'for programs'],
  ],
  groups: ['log', 'kafka'],
  options: [
    { flags: '--since <time>', help: 'entries from then on: Unix ms or ISO 8601', parse: timeOption('--since') },
    { flags: '--until <time>', help: 'entries before then', parse: timeOption('--until') },
    { flags: '--last <number>', help: 'the newest so many', default: DEFAULT_LAST, parse: wholeNumber('--last', 1) },
    { flags: '--actor <name>', help: `of a token, a user or a part of the service; or a kind: ${ACTOR_KINDS.join(', ')}` },
    { flags: '--action <name>', help: 'an action, or the part before a dot: policy', parse: actionOption },
  ],
  json: 'document',
  check({ options: { since, until } }) {
    const [from, to] = [since, until].map((text) => (typeof text === 'string' ? timeOf(text) : undefined));
    if (from !== undefined && to !== undefined && from >= to)
      throw new UsageError('--since must be before --until', { hint: 'Entries from --since on and before --until are shown.' });
  },
  async run({ options: { since: sinceMs, until: untilMs, last, actor, action }, config, output, json, signal }) {
    const log = await openLog(config, { readOnly: true });
    try {
      const forgotten = await forgottenTimes(log, config.topicPrefix, signal);
      const document = await readTrail(log, config.topicPrefix, { sinceMs, untilMs, last, actor, action, forgotten }, signal);
      if (json) return await output.document(document);
      await print(document, output, fullTopicName(config.topicPrefix, AUDIT_TOPIC));
    } finally {
      await log.close();
    }
  },
});

async function print({ entries, more, unreadable }: AuditDocument, output: Output, topic: string): Promise<void> {
  if (entries.length > 0)
    await output.table(
      ['WHEN', 'WHO', 'ACTION', 'OF', 'OUTCOME', 'MORE'],
      entries.map((entry) => [
        new Date(entry.at_ms).toISOString(),
        actorText(entry.actor),
        entry.action,
        entry.target == null ? '' : `${entry.target.kind} ${entry.target.id}`,
        entry.outcome,
        moreOf(entry),
      ]),
    );
  else output.note(`no entry is like that on ${topic}`);
  if (more) output.note('older entries are not shown: see --last, --since and --until');
  if (unreadable > 0) output.note(`${unreadable} records of ${topic} are no entries: something else than tipstream wrote them`);
}

function moreOf({ error, details }: TrailEntry): string {
  if (error != null) return `${error.code}: ${error.message}`;
  return Object.entries(details ?? {})
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(' ');
}

function actionOption(text: string): string {
  if (AUDIT_ACTIONS.some((action) => action === text || action.startsWith(`${text}.`))) return text;
  throw new UsageError(`--action must be one of ${AUDIT_ACTIONS.join(', ')}, or the part before a dot, not ${JSON.stringify(text)}`);
}

function timeOf(text: string): number | undefined {
  try {
    return timeOption('')(text);
  } catch {
    return undefined; // said when it is read as an option
  }
}
