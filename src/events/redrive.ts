/**
 * The headers of a record that was put back on its topic from a dead letter: behind those of the record itself, where it came from and how
 * often it has been put back. Pure.
 */
import { DEAD_LETTER_HEADER_PREFIX, originalHeaders } from './dead-letter.js';
import { VALUE_SCHEMA_HEADER } from './wire-format.js';

type Headers = readonly (readonly [name: string, value: Buffer | null])[];

interface Address {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}

export const REDRIVE_HEADER_PREFIX = '__dlq.redrive.';
/** The fold copies it into the next dead letter, if there is one. */
const COUNT_HEADER = `${DEAD_LETTER_HEADER_PREFIX}redrive_count`;

export interface Redrive {
  /** Where the dead letter lies. */
  readonly letter: Address;
  /** Where the record lay that was refused. */
  readonly source: Address;
  /** This time included. */
  readonly count: number;
  /** Whether the value is another one than that of the dead letter. */
  readonly edited: boolean;
}

/** TOPIC/PARTITION/OFFSET, as commands print and take it. */
export const addressText = ({ topic, partition, offset }: Address): string => `${topic}/${partition}/${offset}`;

/** `letterHeaders` are those of the dead letter, of which the record's own stay as they are. */
export function redriveHeaders(letterHeaders: Headers, { letter, source, count, edited }: Redrive): Headers {
  const facts = { letter: addressText(letter), source: addressText(source), ...(edited ? { edited: 'true' } : {}) };
  return [
    ...originalHeaders(letterHeaders).filter(
      // What is edited is JSON: no schema describes it any more.
      ([name]) => !name.startsWith(REDRIVE_HEADER_PREFIX) && !(edited && name === VALUE_SCHEMA_HEADER),
    ),
    ...Object.entries(facts).map(([name, text]) => [REDRIVE_HEADER_PREFIX + name, Buffer.from(text)] as const),
    [COUNT_HEADER, Buffer.from(String(count))],
  ];
}

/** The address of the refused record that this one repeats; undefined: it repeats none. */
export function redrivenSource(headers: Headers): string | undefined {
  const found = headers.findLast(([name]) => name === `${REDRIVE_HEADER_PREFIX}source`);
  return found?.[1]?.toString();
}
