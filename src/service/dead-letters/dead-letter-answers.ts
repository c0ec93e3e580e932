/** Dead letters as the running service lists and shows them: those of the whole log, whoever holds their partitions. */
import { readWholeLetter, type WholeLetter } from '../../dead-letters/whole-letter.js';
import { listLetters, type DeadLettersDocument, type LetterQuery } from '../../dead-letters/letter-list.js';
import { keptInFile, LetterFiles } from '../../dead-letters/letters-in-files.js';
import { NewestLetters } from '../../dead-letters/newest-letters.js';
import type { Log, RecordAddress } from '../../log/port.js';
import { deadLetterDirectory } from '../../store/directory/layout.js';
import type { ServiceOptions } from '../options.js';
import { logForRequests, logTimeoutOf, withinDeadline, type RequestDeadline } from '../request-deadline.js';
import { letterTopic } from './letter-topic.js';
import type { RedriveJobs } from './redrive-jobs.js';

const READING: RequestDeadline = { action: 'read the dead letters', hint: 'Ask again: reading goes on where it was.' };
/** What is left of the caller's patience is for the questions before and after. */
const READING_SHARE = 0.5;

export interface DeadLetterAnswersDeps {
  readonly log: Log;
  readonly redrives: Pick<RedriveJobs, 'runningId'>;
  readonly options: ServiceOptions;
}

export class DeadLetterAnswers {
  readonly #log: Log;
  readonly #newest: NewestLetters;
  readonly #files: LetterFiles;
  readonly #prefix: string;
  readonly #limitMs: number;
  readonly #redrives: Pick<RedriveJobs, 'runningId'>;

  constructor({ log, redrives, options }: DeadLetterAnswersDeps) {
    const { topicPrefix: prefix, dataDirectory } = options;
    this.#redrives = redrives;
    this.#log = logForRequests(log, options);
    this.#newest = new NewestLetters(this.#log, { prefix });
    this.#files = new LetterFiles(deadLetterDirectory(dataDirectory));
    this.#prefix = prefix;
    this.#limitMs = logTimeoutOf(options);
  }

  /** A user was forgotten. */
  startAgain(): void {
    this.#newest.startAgain();
  }

  /** Throws timeout, log_unavailable, invalid_argument for a cursor that is none. */
  async list(query: LetterQuery): Promise<DeadLettersDocument> {
    const files = await withinDeadline(this.#limitMs, this.#look(), READING);
    const inFiles = files.letters.map((letter) => keptInFile(this.#prefix, letter)).filter((letter) => letter !== undefined);
    const letters = [...this.#newest.letters()];
    const { unread } = this.#newest;
    return {
      ...listLetters([...letters, ...inFiles], query),
      running_redrive: this.#redrives.runningId ?? null,
      read: { is_whole: unread.length === 0 && files.omitted === 0, letters: letters.length, unread, files_omitted: files.omitted },
    };
  }

  async #look(): ReturnType<LetterFiles['look']> {
    await this.#newest.look(this.#limitMs * READING_SHARE);
    return this.#files.look();
  }

  /** The topic with or without the prefix. Throws topic_not_found, not_found, timeout, log_unavailable. */
  show({ topic: given, partition, offset }: RecordAddress): Promise<WholeLetter> {
    const { topic, input } = letterTopic(this.#prefix, given);
    return withinDeadline(this.#limitMs, readWholeLetter(this.#log, { topic, partition, offset }, input), READING);
  }
}
