import { createInterface } from 'node:readline/promises';
import { TipstreamError, UsageError } from '../../errors.js';
import { userDigest } from '../../events/user-digest.js';
import { checkReceipt, type ReceiptCheck } from '../../forgetting/check.js';
import { receiptSchema, type Receipt } from '../../forgetting/receipt.js';
import { openLog } from '../../log/open.js';
import type { ForgetResult } from '../../forgetting/job.js';
import { defineCommand, type CommandContext } from '../command.js';
import { EXIT } from '../failure.js';
import { forgetUser } from '../owner/forget-user.js';
import { readJson } from '../input-file.js';
import { ReceiptFile } from '../output/receipt-file.js';
import { parseUserId } from '../option-parsers.js';
import type { Output } from '../output/output.js';

interface ForgetOptions {
  readonly yes?: true;
  readonly dryRun?: true;
  readonly reason?: string;
  readonly out?: string;
  readonly check?: string;
}

export const forgetCommand = defineCommand<ForgetOptions>({
  name: 'forget',
  arguments: '<user>',
  summary: 'Forget a user, and give a receipt of it',
  details: [
    'What the log and the state have of the user so far does not exist any more: for profiles, decisions, replays, ' +
      'rebuilds, verify and answers about earlier times. What comes later starts from nothing. It cannot be undone.',
    'On the embedded log the records are deleted, and its file and the state file are rewritten. On Kafka the records ' +
      'stay until retention or compaction takes them: the receipt counts them and says when. Where `tipstream start` ' +
      'runs, that is a job of the service.',
    'The receipt names the user by the SHA-256 digest of the id. It is printed with --json, written to --out, and kept ' +
      'in the folder receipts of the data directory. --check looks again for what it says is gone.',
    'Exit code 0: done, or nothing of the user was there. With --check 0: nothing was found. 2: something was. 1: an ' +
      'error, or not all could be looked at.',
  ].join('\n\n'),
  examples: [
    ['tipstream forget ana --dry-run', 'say what there is, and forget nothing'],
    ['tipstream forget ana --yes --reason "request 4711" --out receipt.json', 'forget, and write the receipt to a file'],
    ['tipstream forget ana --check receipt.json', 'look again, as an auditor would'],
    ['tipstream forget --yes --json -- -dash', 'an id that begins with a dash'],
  ],
  groups: ['log', 'kafka', 'events', 'consumer', 'policy', 'http'],
  options: [
    { flags: '--yes', help: 'ask nothing; without a terminal it is needed' },
    { flags: '--dry-run', help: 'say what there is, and change nothing' },
    { flags: '--reason <text>', help: 'recorded in the event, the receipt and the audit trail: do not name the user' },
    { flags: '--out <file>', help: 'write the receipt there too; where nothing was found, that, unless the file has content' },
    { flags: '--check <receipt>', help: 'look for what the receipt says is gone; - is stdin' },
  ],
  json: 'document',
  check({ options: { yes, dryRun, out, reason, check } }) {
    if (check !== undefined && [yes, dryRun, out, reason].some((given) => given !== undefined))
      throw new UsageError('--check goes with none of --yes, --dry-run, --reason and --out');
  },
  changes: ({ args: [user], options: { dryRun, check, reason } }) =>
    dryRun === true || check !== undefined
      ? undefined
      : {
          action: 'user.forget',
          target: { kind: 'user', id: userDigest(user ?? '') },
          ...(reason === undefined ? {} : { details: { reason } }),
        },
  async run(context) {
    const { args, options, json, output } = context;
    const userId = parseUserId('<user>')(args[0]!);
    if (options.check !== undefined) return check(context, userId, options.check);
    if (options.dryRun !== true && options.yes !== true) await confirm(userId, context.signal);
    // What cannot be undone is not begun where its receipt cannot be written.
    const out = options.out === undefined ? undefined : new ReceiptFile(options.out);
    const result = await forgotten(context, userId);
    out?.write(result);
    if (json) return void (await output.document(result));
    say(result, options, output);
  },
});

async function forgotten({ config, options: { dryRun, reason }, output, signal }: CommandContext<ForgetOptions>, userId: string) {
  try {
    return await forgetUser(config, userId, {
      ...{ dryRun: dryRun === true, reason, signal },
      onProgress: (done, total) => output.progress(`reading the log: ${done} of ${total ?? '?'} records`),
    });
  } finally {
    output.progress('');
  }
}

/** Throws the signal's reason. A terminal that is closed is no answer. */
async function confirm(userId: string, signal: AbortSignal): Promise<void> {
  if (!process.stdin.isTTY)
    throw new UsageError('forgetting a user cannot be undone: give --yes', {
      hint: 'See with --dry-run what there is: it forgets nothing.',
    });
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  // While it reads a terminal, Ctrl-C is a key like others.
  terminal.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
  const closed = new Promise<undefined>((resolve) => terminal.once('close', () => resolve(undefined)));
  const asked = terminal.question(`Forget ${JSON.stringify(userId)}? It cannot be undone. Type the id again: `, { signal });
  try {
    const answer = await Promise.race([asked, closed]);
    if (answer === undefined) throw new TipstreamError('invalid_argument', 'the id was not typed again: nothing was changed');
    if (answer !== userId) throw new TipstreamError('invalid_argument', 'that is another id: nothing was changed');
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    terminal.close();
  }
}

function say(
  { found, in_state: inState, records, dead_letter_files: letters, other_generations: others, receipt }: ForgetResult,
  { out }: ForgetOptions,
  output: Output,
): void {
  if (!found) return output.note('nothing of this user is there: nothing was written');
  const total = records.reduce((sum, one) => sum + one.records, 0);
  const rows = inState ? 'rows in the state' : 'no rows in the state';
  const earlier = others.length === 0 ? '' : `, ${others.length} earlier generations of the state`;
  const there = `${total} records in ${records.length} partitions of topics, ${rows}, ${letters} files of dead letters${earlier}`;
  if (receipt === null) return output.note(`would forget: ${there}. Nothing was forgotten`);
  output.note(`forgotten: ${there}`);
  const copy = 'a copy is in the folder receipts of the data directory of who forgot';
  output.note(`receipt ${receipt.forget_id}${out === undefined ? '' : `, in ${out}`}; ${copy}`);
  sayRemains(receipt.remains.records, output);
  for (const file of receipt.remains.files)
    output.note(`${file} holds the id still: a file that tipstream did not make, or what others' records say`);
  if (receipt.remains.files_not_searched !== null)
    output.note(`could not tell whether files hold the id: ${receipt.remains.files_not_searched}`);
}

function sayRemains(records: Receipt['remains']['records'], output: Output): void {
  for (const { topic, partition, records: count, gone_after_ms: goneAfterMs, how_to_remove: how } of records) {
    const until = goneAfterMs === null ? '' : ` until ${new Date(goneAfterMs).toISOString()} or later`;
    output.note(`${topic}/${partition} holds ${count} records of the user${until}. ${how}`);
  }
}

async function check({ config, json, output, signal }: CommandContext<ForgetOptions>, userId: string, path: string): Promise<number> {
  const file = await readJson(path, { hint: 'Give a receipt of `tipstream forget`.', signal });
  const parsed = receiptSchema.safeParse(receiptIn(file.json));
  if (!parsed.success) throw file.wrong('is no receipt');
  const log = await openLog(config, { readOnly: true });
  try {
    const checked = await checkReceipt({ log, dataDirectory: config.data, receipt: parsed.data, userId, signal });
    if (json) await output.document(checked);
    else sayChecked(checked, output);
    return verdictOf(checked);
  } finally {
    await log.close();
  }
}

/** A receipt by itself, or within what `forget --json` prints. */
function receiptIn(json: unknown): unknown {
  const { receipt } = (json ?? {}) as { readonly receipt?: unknown };
  return typeof receipt === 'object' ? receipt : json;
}

function verdictOf({ intact, event_in_log: isInLog, found, could_not_tell: untold }: ReceiptCheck): number {
  if (!intact || Object.values(found).some((list) => list.length > 0)) return EXIT.differs;
  return isInLog && untold.length === 0 ? EXIT.ok : EXIT.error;
}

function sayChecked(checked: ReceiptCheck, output: Output): void {
  const {
    intact,
    event_in_log: isInLog,
    found,
    in_longer_words: inLongerWords,
    could_not_tell: untold,
    files_searched: searched,
  } = checked;
  if (!intact) output.note('the receipt was altered: its SHA-256 is another one');
  if (!isInLog) output.note('the log does not say that this user was forgotten up to these positions');
  sayRemains(found.records, output);
  for (const path of found.state_files) output.note(`${path} has the user`);
  for (const name of found.dead_letter_files) output.note(`dead-letters/${name} holds a record of the user`);
  for (const path of found.files) output.note(`${path} holds the id`);
  for (const path of inLongerWords) output.note(`${path} holds the id as a part of longer words alone, such as the id of somebody else`);
  for (const sentence of untold) output.note(`could not tell: ${sentence}`);
  if (verdictOf(checked) === EXIT.ok) output.note(`nothing of the user was found, in the log, in the state and in ${searched} files`);
}
