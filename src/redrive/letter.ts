/** A dead letter as a redrive needs to know it before it reads its bytes again. */
import type { KeptPayload } from '../events/dead-letter.js';
import type { RecordAddress } from '../log/record-address.js';
import type { ConsumedTopic } from '../topics.js';

export interface Letter {
  readonly address: RecordAddress;
  /** The input that its topic belongs to. */
  readonly input: ConsumedTopic;
  /** Where the refused record lay; null: the letter does not say, or names a topic that its own does not belong to. */
  readonly source: RecordAddress | null;
  readonly code: string | null;
  readonly redriveCount: number;
  /** recordHash of key and value, without a time; null when the letter does not hold them whole. */
  readonly hash: string | null;
  /** Of a letter that is not whole: what its value is. */
  readonly kept: Pick<KeptPayload, 'bytes' | 'sha256'> | undefined;
}

/** What the input topics say of letters. */
export interface SourceFacts {
  /** Address of a refused record -> what lies there now. */
  readonly sources: ReadonlyMap<string, SourceRecord>;
  /** Addresses of refused records that have been put back. */
  readonly redriven: ReadonlySet<string>;
  /** Input topic -> how many partitions it has. */
  readonly partitions: ReadonlyMap<string, number>;
  /** Input topic -> bytes of the largest record that it takes; absent where that is not known. */
  readonly maxBytes: ReadonlyMap<string, number>;
}

export interface SourceRecord {
  readonly timestampMs: number;
  /** Whether its bytes are those of the letter. */
  readonly same: boolean;
}
