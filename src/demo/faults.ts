/** The invalid events that upstream bugs would send: one of each way in which an event can be refused. */
import { MAX_CANDIDATES, type CandidatesEvent, type FeedbackEvent, type ServedEvent, type TopicName } from '../topics.js';
import type { Random } from '../random.js';

/** Valid events of one serving, to be broken. */
export interface ServingSample {
  readonly candidates: CandidatesEvent;
  readonly served: ServedEvent;
  readonly feedback: FeedbackEvent;
}

interface BrokenRecord {
  readonly topic: TopicName;
  readonly value: object | string | null;
  /** Absent: as producers key the topic. */
  readonly key?: string | null;
}

const without = (event: object, field: string) => Object.fromEntries(Object.entries(event).filter(([name]) => name !== field));

const FAULTS = {
  not_json: ({ served }) => ({ topic: 'tip.served', value: JSON.stringify(served).slice(0, -9) }),
  unknown_action: ({ feedback }) => ({ topic: 'tip.feedback', value: { ...feedback, action: 'liked' } }),
  missing_field: ({ served }) => ({ topic: 'tip.served', value: without(served, 'tip_id') }),
  wrong_type: ({ served }) => ({ topic: 'tip.served', value: { ...served, served_at_ms: String(served.served_at_ms) } }),
  foreign_key: ({ feedback }) => ({ topic: 'tip.feedback', key: `not-${feedback.user_id}`, value: feedback }),
  missing_key: ({ feedback }) => ({ topic: 'tip.feedback', key: null, value: feedback }),
  null_value: () => ({ topic: 'tip.feedback', value: null }),
  no_candidates: ({ candidates }) => ({ topic: 'tip.candidates', value: { ...candidates, candidates: [] } }),
  too_many_candidates: ({ candidates }) => ({
    topic: 'tip.candidates',
    value: {
      ...candidates,
      candidates: Array.from({ length: MAX_CANDIDATES + 1 }, (_, i) => ({ ...candidates.candidates[0], tip_id: `t${i}` })),
    },
  }),
} satisfies Record<string, (sample: ServingSample) => BrokenRecord>;

export type FaultKind = keyof typeof FAULTS;
export const FAULT_KINDS = Object.keys(FAULTS) as FaultKind[];

/** A record with one fault, drawn evenly from all kinds. */
export function faultyRecord(
  sample: ServingSample,
  random: Random,
  timestampMs: number,
): Required<BrokenRecord> & { readonly timestampMs: number; readonly fault: FaultKind } {
  const fault = random.pick(FAULT_KINDS);
  const broken: BrokenRecord = FAULTS[fault](sample);
  return { key: sample.served.user_id, ...broken, timestampMs, fault };
}
