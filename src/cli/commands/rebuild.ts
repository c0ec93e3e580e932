import { openLog } from '../../log/open.js';
import { describeChanges } from '../../projections/definitions.js';
import type { Change, UserChange } from '../../rebuild/changes.js';
import { rebuild, removeOtherGenerations, type RebuildDocument } from '../../rebuild/rebuild.js';
import { isChanged } from '../../rebuild/source-plan.js';
import { RebuildThreads } from '../../rebuild/rebuild-threads.js';
import { UsageError } from '../../errors.js';
import { parseUserId } from '../option-parsers.js';
import { defineCommand, type CommandContext } from '../command.js';
import { EXIT } from '../failure.js';
import { noteAcceptedSince } from '../output/accepted-since.js';
import { noteUntold } from '../output/could-not-tell.js';
import type { Output } from '../output/output.js';
import { settingsOf } from '../policy-settings.js';
import { readPositions } from '../positions-file.js';
import { RebuildProgress } from '../output/rebuild-progress.js';
import { rebuildUser } from '../owner/rebuild-user.js';
import { scalarOf } from '../../projections/object-value.js';
import { createMissingTopics } from '../missing-topics.js';
import { featuresOf, registryFor } from '../state-source.js';

interface RebuildCommandOptions {
  readonly dryRun?: boolean;
  readonly force?: true;
  readonly prune?: true;
  readonly pruneOnly?: true;
  readonly toOffsets?: string;
  readonly user?: string;
}

const DRAWN_EVERY_MS = 200;
const JSON_LINE_EVERY_MS = 1_000;

export const rebuildCommand = defineCommand<RebuildCommandOptions>({
  name: 'rebuild',
  summary: 'Replay the log into new state files, compare them with the live ones, and swap',
  details: [
    'Folds the input topics up to their present ends into a new generation of state files, compares it with the live ' +
      'one user by user, and swaps it in, whether or not `tipstream start` is running. Until then, reads are served by ' +
      'the live one. Decisions come from tip.scored and are never made again. Nothing is published meanwhile.',
    'A rebuild that ends early, by Ctrl-C or otherwise, has changed nothing, and the next one continues there. The ' +
      'old generation is kept until --prune. After a change of the feature definitions, a rebuild cuts over to the new ' +
      'ones.',
    'With --user it replaces the tips of one user in the live state. Where `tipstream start` runs, that is a job of the service.',
    'Give --max-value-bytes, --partitioner and --schema-registry as `start` has them. With others it makes a state of these, for a ' +
      '`start` with them.',
    'Exit code 0: swapped, or with --dry-run nothing would change. 2: with --dry-run something would change; or the ' +
      'log has lost events that were folded and users would change, so that nothing was swapped. 1: an error. 130: ' +
      'Ctrl-C.',
  ].join('\n\n'),
  examples: [
    ['tipstream rebuild', 'replay, compare, swap'],
    ['tipstream rebuild --dry-run', 'say whose features would change, largest first'],
    ['tipstream digest --json > then.json; tipstream rebuild --to-offsets then.json', 'back to where the state stood'],
    ['tipstream rebuild --user ana', "replay one person's events, and say what that changed"],
    ['tipstream rebuild --prune', 'and remove the generations that are not live any more'],
    ["tipstream rebuild --dry-run --json | tail -n 1 | jq '.changes[].user_id'", 'for programs'],
  ],
  groups: ['log', 'kafka', 'events', 'registry', 'topics', 'consumer', 'policy', 'http'],
  options: [
    { flags: '--dry-run', help: 'compare and swap nothing; the new generation is kept for the next run' },
    { flags: '--to-offsets <file>', help: 'stop at the positions that digest or profile printed with --json; - is stdin' },
    { flags: '--user <id>', help: 'only this user, in the live state', parse: parseUserId('--user') },
    { flags: '--force', help: 'swap though the log no longer holds all that was folded, and users change' },
    { flags: '--prune', help: 'after the swap, remove all other generations' },
    { flags: '--prune-only', help: 'remove all other generations, and rebuild nothing' },
  ],
  json: 'lines',
  jsonHelp: 'print lines of JSON instead of tables: progress about once a second, and the result as the last line',
  check({ options: { user, dryRun, toOffsets, force, prune, pruneOnly } }) {
    if (user !== undefined && (toOffsets !== undefined || force === true || prune === true || pruneOnly === true))
      throw new UsageError('--user goes with --dry-run and no other option of rebuild');
    if (pruneOnly === true && (dryRun === true || toOffsets !== undefined || force === true))
      throw new UsageError('--prune-only rebuilds nothing, and goes with no other option of rebuild');
    if (dryRun === true && prune === true)
      throw new UsageError('--prune cannot go with --dry-run', {
        hint: 'Use `tipstream rebuild --prune-only` to remove what is not live.',
      });
  },
  changes: ({ options: { dryRun = false, user, force = false, pruneOnly = false, toOffsets } }) =>
    dryRun
      ? undefined
      : user === undefined
        ? { action: 'state.rebuild', details: { force, prune_only: pruneOnly, to_offsets: toOffsets !== undefined } }
        : { action: 'profile.rebuild', target: { kind: 'user', id: user } },
  async run(context) {
    const { options, config, output, json } = context;
    if (options.user !== undefined) return rebuildOne(options.user, context);
    if (options.pruneOnly === true) {
      const removed = removeOtherGenerations(config.data);
      if (json) await output.lines([{ done: true, removed }]);
      else output.note(removed.length === 0 ? 'there is no other generation' : `removed ${removed.join(', ')}`);
      return EXIT.ok;
    }
    return rebuildAll(context);
  },
});

async function rebuildOne(
  userId: string,
  { options: { dryRun = false }, config, output, json, signal, changed }: CommandContext<RebuildCommandOptions>,
): Promise<number> {
  let shownMs = performance.now();
  const result = await rebuildUser(config, userId, {
    dryRun,
    signal,
    onProgress: (done, total) => {
      if (!json) return output.progress(`${done.toLocaleString('en')} of ${total === null ? '?' : total.toLocaleString('en')} records`);
      if (performance.now() - shownMs < JSON_LINE_EVERY_MS) return;
      shownMs = performance.now();
      output.post(`${JSON.stringify({ done: false, records: done, total })}\n`);
    },
  });
  output.progress('');
  const { before, after, changed: features, replayed_events: events } = result;
  changed({ details: { changed: features } });
  if (json) await output.lines([{ done: true, dry_run: dryRun, ...result }]);
  else {
    if (features.length > 0)
      await output.table(
        ['FEATURE', 'LIVE', 'REBUILT'],
        features.map((name) => [name, shown(before?.[name] ?? null), shown(after?.[name] ?? null)]),
      );
    output.note(
      `${events} events of ${JSON.stringify(userId)} replayed; ${features.length} features ${dryRun ? 'would change' : 'changed'}`,
    );
  }
  return dryRun && features.length > 0 ? EXIT.differs : EXIT.ok;
}

async function rebuildAll({ options, config, output, json, signal, changed }: CommandContext<RebuildCommandOptions>): Promise<number> {
  const to = options.toOffsets === undefined ? null : await readPositions(options.toOffsets, '--to-offsets', signal);
  const watched = new Watched(output, json);
  const log = await openLog(config, { readOnly: true });
  const runner = new RebuildThreads(config.threads, { ...config, features: featuresOf(config) });
  try {
    if (options.dryRun !== true) {
      const { created, refused } = await createMissingTopics(log, config);
      for (const { topic } of created) watched.note(`created ${topic}, which was missing`);
      for (const { message, hint } of refused) watched.note(`${message}\nhint: ${hint}`);
    }
    const document = await rebuild(
      {
        dataDirectory: config.data,
        group: config.group,
        topicPrefix: config.topicPrefix,
        partitioner: config.partitioner,
        maxValueBytes: config.maxValueBytes,
        settings: settingsOf(config),
        shadowLearning: config.given.has('shadowLearning') ? config.shadowLearning : null,
        dryRun: options.dryRun ?? false,
        force: options.force ?? false,
        prune: options.prune ?? false,
        to,
      },
      {
        log,
        registry: registryFor(config),
        runner,
        clock: Date.now,
        signal,
        onNote: (text) => watched.note(text),
        onBegin: (partitions) => watched.begin(partitions),
        onProgress: (progress) => watched.progress.report(progress),
      },
    );
    watched.end();
    changed({ details: { generation: document.generation, swapped: document.swapped, changed_users: document.changed_users } });
    if (json) await output.lines([{ done: true, ...document }]);
    else await print(document, output);
    if (document.refused !== null) sayRefused(document, output);
    return exitCodeOf(document);
  } catch (error) {
    watched.end();
    if (signal.aborted) output.note('nothing was swapped; `tipstream rebuild` continues here');
    throw error;
  } finally {
    watched.end();
    await runner.close();
    await log.close();
  }
}

function exitCodeOf(document: RebuildDocument): number {
  const { dry_run: dryRun, changed_users: users, not_compared: made, previous, refused, difference_count: differences } = document;
  if (refused !== null) return EXIT.differs;
  return dryRun && (users > 0 || differences > 0 || (previous !== null && made.length > 0)) ? EXIT.differs : EXIT.ok;
}

/** Draws progress, or prints it, until it is ended. */
class Watched {
  readonly progress = new RebuildProgress();
  readonly #output: Output;
  readonly #json: boolean;
  #timer: NodeJS.Timeout | undefined;

  constructor(output: Output, json: boolean) {
    this.#output = output;
    this.#json = json;
  }

  begin(partitions: readonly number[]): void {
    this.progress.begin(partitions);
    this.#timer = setInterval(() => this.#draw(), this.#json ? JSON_LINE_EVERY_MS : DRAWN_EVERY_MS);
  }

  /** Above the progress. */
  note(text: string): void {
    this.#output.progressLines([]);
    this.#output.note(text);
  }

  end(): void {
    clearInterval(this.#timer);
    this.#output.progressLines([]);
  }

  #draw(): void {
    if (this.#json) this.#output.post(`${JSON.stringify(this.progress.document())}\n`);
    else this.#output.progressLines(this.progress.lines(this.#output.progressRows));
  }
}

async function print(document: RebuildDocument, output: Output): Promise<void> {
  const { changes, changed_users: changed, users, changed_features: features, sources, definitions } = document;
  const redefined = isChanged(definitions);
  if (redefined) {
    output.note(`the definitions have changed: ${describeChanges(definitions)}`);
    const counted = (verb: string, users: Readonly<Record<string, number>>) =>
      Object.entries(users).map(([feature, count]) => [feature, verb, count]);
    const rows = [...counted('added', document.added_features), ...counted('removed', document.removed_features)];
    if (rows.length > 0) await output.table(['FEATURE', '', 'USERS WITH A VALUE'], rows);
  }
  for (const { option, live, rebuilt } of document.other_options)
    output.note(`made with ${option} ${rebuilt}; the live state was folded with ${option} ${live}`);
  if (changed > 0) {
    await output.table(['USER', 'CHANGES', 'LIVE', 'REBUILT', 'BY'], changes.flatMap(rowsOf));
    if (changed > changes.length) output.note(`${changed - changes.length} more users change and are not listed`);
    await output.table(['CHANGES', 'OF USERS'], Object.entries(features));
  }
  if (document.difference_count > 0) {
    await output.table(
      ['PARTITION', 'USER', 'KIND', 'OF', 'FEATURE', 'LIVE', 'REPLAYED', 'EVENT'],
      document.differences.map((one) => [
        one.partition,
        one.user_id,
        one.kind,
        one.id,
        one.feature,
        JSON.stringify(one.live),
        JSON.stringify(one.replayed),
        one.events.map(({ topic, partition, offset }) => `${topic}/${partition}/${offset}`).join(' '),
      ]),
    );
    const more = document.difference_count - document.differences.length;
    if (more > 0) output.note(`${more} more differences are not listed`);
  }
  noteAcceptedSince(output, document.accepted_since);
  noteUntold(output, document.could_not_tell);
  for (const { partition, source, reason } of sources)
    if (redefined || source === 'tips' || document.not_compared.includes(partition))
      output.note(`partition ${partition}: from ${source === 'tips' ? 'stored tips' : 'the log'}, because ${reason}`);
  if (document.compared_elsewhere.length > 0)
    output.note(
      `compared at other positions than the live state's, in partition ${document.compared_elsewhere.join(', ')}: ` +
        'what differs may be what came in between',
    );
  for (const sentence of document.incomplete) output.note(`the log does not hold all that was folded: ${sentence}`);
  if (document.not_compared.length > 0)
    output.note(`there was no live state to compare with of partition ${document.not_compared.join(', ')}`);
  output.note(
    `${document.records} records folded in ${(document.took_ms / 1000).toFixed(1)} s; ${changed} of ` +
      `${users} users ${document.swapped ? 'changed' : 'would change'}`,
  );
  if (document.removed.length > 0) output.note(`removed ${document.removed.join(', ')}`);
  if (document.swapped) {
    const kept =
      document.previous === null || document.removed.includes(document.previous)
        ? ''
        : `; ${document.previous} is kept until \`tipstream rebuild --prune-only\``;
    output.note(`${document.generation} is live${kept}`);
  } else if (document.dry_run) output.note(`nothing was swapped; \`tipstream rebuild\` continues with ${document.generation}`);
}

function rowsOf({ user_id: user, changes }: UserChange): (string | number | null)[][] {
  return changes.map(({ feature, live, rebuilt, size }: Change) => [
    user,
    feature,
    shown(live),
    shown(rebuilt),
    `${(100 * size).toFixed(1)} %`,
  ]);
}

function shown(value: Change['live']): string {
  return String(scalarOf(value));
}

function sayRefused({ refused, generation }: RebuildDocument, output: Output): void {
  const { users, user_ids: ids } = refused!;
  const others = users > ids.length ? ` and ${users - ids.length} more` : '';
  output.error(
    `not swapped: the log no longer holds all that was folded from it, and ${users} users would change: ${ids.join(', ')}${others}`,
    `To swap all the same, run \`tipstream rebuild --force\`: it swaps ${generation} in. What the log has lost is gone then.`,
  );
}
