/** What the HTTP layer asks of where numbers come from: a part of the application's interface. */
import type { RecordAddress } from '../log/record-address.js';
import type { DecisionDocument, DecisionsDocument, ProvenanceDocument, RecordDocument } from '../provenance/documents.js';

export interface DecisionsQuestion {
  /** Requested before then, Unix ms; absent: now. */
  readonly asOfMs?: number | undefined;
  readonly limit: number;
  /** Those that follow this decision. */
  readonly after?: string | undefined;
}

export interface ProvenanceQuery {
  /** Unix ms; absent: now. */
  readonly asOfMs?: number | undefined;
  /** topic -> next offset of the user's partition: only what lies before was known. Absent: what is known now. */
  readonly knownAt?: Readonly<Record<string, number>> | undefined;
}

export interface ProvenanceQuestions {
  /**
   * A record of the log, and what it did as far as this member holds its partition. Throws topic_not_found, offset_out_of_range, not_found,
   * log_unavailable.
   */
  record(address: RecordAddress, signal?: AbortSignal): Promise<RecordDocument>;
  /**
   * Where each feature of a user comes from. The values are those of `profile`, which it throws as; the records of the events are looked
   * for in the log for about a second, and each question goes on where the last one ended. With `knownAt` the log is read as a whole
   * before there are values; throws invalid_argument for positions that name none of the topics of tips, and offset_out_of_range for
   * positions that the state has not reached.
   */
  provenance(userId: string, query?: ProvenanceQuery, signal?: AbortSignal): Promise<ProvenanceDocument>;
  /** Throws not_owner (details.owner), not_ready. */
  decisions(userId: string, question: DecisionsQuestion): Promise<DecisionsDocument>;
  /** Throws not_found, not_owner (details.owner), not_ready. */
  decision(userId: string, decisionId: string, signal?: AbortSignal): Promise<DecisionDocument>;
}
