import { verify, type VerifyDocument, type VerifyProgress } from '../../verify/verify.js';
import { openLog } from '../../log/open.js';
import { defineCommand } from '../command.js';
import { EXIT } from '../failure.js';
import { wholeNumber } from '../option-parsers.js';
import { noteAcceptedSince } from '../output/accepted-since.js';
import { noteUntold } from '../output/could-not-tell.js';
import type { Output } from '../output/output.js';
import { differenceLines, PARTITION_HEADINGS, partitionCells, unprovenLines, verdictLine } from '../output/verify-report.js';
import { presentStateFiles } from '../../store/directory/state-files.js';
import { noteVerified } from '../../store/directory/verified-note.js';
import { acceptanceOf, registryFor, stateSource } from '../state-source.js';
import { timeOption } from '../time-argument.js';

interface VerifyOptions {
  readonly asOf?: number;
  readonly sample?: number;
  readonly seed: string;
  readonly partial?: boolean;
}

const PROGRESS_EVERY_MS = 200;

export const verifyCommand = defineCommand<VerifyOptions>({
  name: 'verify',
  summary: 'Prove that the live state equals a replay of the log, by independent means',
  details: [
    'Reads the state files at their positions, and the log up to exactly there, whether or not `tipstream start` is ' +
      'running. It changes neither. It computes every profile, cached count, tip, decision, reward and learned sum ' +
      'again from the events, in the most obvious way, and compares. What it found is noted in --data for `tipstream status`.',
    'It also looks for requests without a decision, decisions that were never published, messages that nothing ' +
      'accounts for, refused records without a dead letter, and wrong counts behind /metrics.',
    'Give --max-value-bytes, --partitioner and --schema-registry as `start` has them. Where no control says whether the shadow learns, ' +
      'the state does, unless --shadow-learning or --no-shadow-learning is given.',
    'Exit code 0: equal. 2: something differs, and the output says where, with the events behind it; or a state file ' +
      'is missing. 1: an error.',
  ].join('\n\n'),
  examples: [
    ['tipstream verify', 'every user, as of now'],
    ['tipstream verify --sample 1000 --seed friday', 'a thousand users, other ones for another seed'],
    ['tipstream verify --partial', 'the partitions whose state files are here, where other members of the group have the rest'],
    ["tipstream verify --json | jq '.differences[] | [.user_id, .feature, .live, .replayed]'", 'for programs'],
  ],
  groups: ['log', 'kafka', 'events', 'registry', 'policy'],
  options: [
    {
      flags: '--as-of <time>',
      help: 'compare profiles as of this time, Unix ms or ISO 8601; now unless given',
      parse: timeOption('--as-of'),
    },
    { flags: '--sample <number>', help: 'only so many users, chosen by hash', parse: wholeNumber('--sample', 1) },
    { flags: '--partial', help: 'be content with the partitions whose state files are here' },
    { flags: '--seed <text>', help: 'which users a sample takes', default: '0' },
  ],
  json: 'document',
  async run({ options: { asOf, sample, seed, partial = false }, config, output, json, signal }) {
    presentStateFiles({ ...stateSource(config), accepts: acceptanceOf(config) }, registryFor(config)); // before the log is asked
    const log = await openLog(config, { readOnly: true });
    try {
      const document = await verify({
        log,
        registry: registryFor(config),
        target: {
          dataDirectory: config.data,
          topicPrefix: config.topicPrefix,
          partitions: config.given.has('partitions') ? config.partitions : undefined,
          partitioner: config.partitioner,
          maxValueBytes: config.maxValueBytes,
          shadowLearning: config.given.has('shadowLearning') ? config.shadowLearning : undefined,
        },
        question: { asOfMs: asOf ?? Date.now(), partial, ...(sample === undefined ? {} : { sample: { users: sample, seed } }) },
        signal,
        onProgress: progressLine(output),
      });
      output.progress('');
      remember(document, config.data, output);
      if (json) await output.document(document);
      else await print(document, output);
      noteMissingFiles(document, partial, output);
      return document.equal ? EXIT.ok : EXIT.differs;
    } finally {
      await log.close();
    }
  },
});

/** For `status`; what was found is found, whether or not it can be remembered. */
function remember(document: VerifyDocument, dataDirectory: string, output: Output): void {
  const { difference_count, unproven_count, could_not_tell } = document;
  try {
    noteVerified(dataDirectory, {
      verified_at_ms: Date.now(),
      outcome: difference_count === 0 ? 'equal' : 'differs',
      as_of_ms: document.as_of_ms,
      positions: document.positions,
      partitions_missing: [...document.partitions_missing],
      sample_users: document.sample?.users ?? null,
      verified_users: document.verified_users,
      difference_count,
      could_not_tell_count: could_not_tell.length + unproven_count,
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    output.note(`\`tipstream status\` will not know of this: ${why}`);
  }
}

function noteMissingFiles({ partitions_missing: missing }: VerifyDocument, partial: boolean, output: Output): void {
  if (missing.length === 0) return;
  output.note(`partitions_missing: ${JSON.stringify(missing)}: they have no state file here, and nothing is proven of them`);
  if (!partial) output.note('hint: Give --partial where other members of the group have them; else run `tipstream rebuild`.');
}

/** `partition 2 (3 of 4): 61 %, 210,000 records/s, 12 s left` */
function progressLine(output: Output): (progress: VerifyProgress) => void {
  let partition = -1;
  let [startedMs, shownMs] = [0, 0];
  return (progress) => {
    const nowMs = performance.now();
    if (progress.partition !== partition) [partition, startedMs, shownMs] = [progress.partition, nowMs, 0];
    if (nowMs - shownMs < PROGRESS_EVERY_MS && progress.done < progress.total) return;
    shownMs = nowMs;
    const rate = progress.done / Math.max(0.001, (nowMs - startedMs) / 1000);
    const left =
      progress.done === 0
        ? ''
        : `, ${Math.round(rate).toLocaleString('en')} records/s, ${Math.ceil((progress.total - progress.done) / rate)} s left`;
    const what =
      progress.done < progress.total ? `${Math.floor((100 * progress.done) / Math.max(1, progress.total))} %${left}` : 'comparing';
    output.progress(`partition ${partition} (${progress.index} of ${progress.partitions}): ${what}`);
  };
}

async function print(document: VerifyDocument, output: Output): Promise<void> {
  const found = [...differenceLines(document), ...unprovenLines(document)];
  if (found.length > 0) await output.write(`${found.join('\n')}\n\n`);
  await output.table(PARTITION_HEADINGS, document.partitions.map(partitionCells));
  noteAcceptedSince(output, document.accepted_since);
  if (document.accepted_since.length > 0)
    output.note('hint: `tipstream rebuild` with the same options folds them. A redrive makes profiles right, and counts go on to differ.');
  noteUntold(output, document.could_not_tell);
  const { sample, unproven_features: unproven, differences } = document;
  if (unproven.length > 0) output.note(`not compared, because the definitions do not know them: ${unproven.join(', ')}`);
  if (sample !== null) output.note(`a sample of ${sample.users} users under seed ${JSON.stringify(sample.seed)}`);
  if (differences.some((one) => one.kind === 'shadow_decision' && one.feature === 'reward'))
    output.note('hint: Give --shadow-learning or --no-shadow-learning as start has it.');
  await output.write(`\n${verdictLine(document)}\n`);
}
