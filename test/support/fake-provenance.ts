/** What a service answers on where numbers come from, written by hand for the routes and the pages. */
import { TipstreamError } from '../../src/errors.js';
import type {
  Application,
  Choice,
  DecisionDocument,
  DecisionsDocument,
  ProvenanceDocument,
  RecordDocument,
  Search,
} from '../../src/service/application.js';

const DAY_MS = 86_400_000;
const WINDOW_MS = 30 * DAY_MS;
const served = (offset: number) => ({ topic: 'tip.served', partition: 2, offset });
const feedback = (offset: number) => ({ topic: 'tip.feedback', partition: 2, offset });

export const SEARCH: Search = {
  state: 'found',
  partitions: [
    { topic: 'tip.served', partition: 2, from: 1_000, to: 1_842, low: 0, end: 1_842 },
    { topic: 'tip.feedback', partition: 2, from: 0, to: 1_377, low: 0, end: 1_377 },
  ],
  error: null,
};

export function provenanceAt(
  nowMs: number,
  features: Readonly<Record<string, number | string | Readonly<Record<string, number>> | null>>,
  over: Partial<ProvenanceDocument> = {},
): ProvenanceDocument {
  const events = [
    {
      tip_id: 'tip-9',
      happening: 'done' as const,
      at_ms: nowMs - 2 * DAY_MS,
      features: ['completion_rate_30d', 'preferred_hour'],
      record: feedback(1_376),
    },
    {
      tip_id: 'tip-9',
      happening: 'served' as const,
      at_ms: nowMs - 2 * DAY_MS - 60_000,
      features: ['completion_rate_30d', 'tip_volume_30d'],
      record: served(1_841),
    },
    {
      tip_id: 'tip-3',
      happening: 'served' as const,
      at_ms: nowMs - 29 * DAY_MS,
      features: ['completion_rate_30d', 'tip_volume_30d'],
      record: served(1_004),
    },
  ];
  return {
    user_id: 'ana',
    as_of_ms: nowMs,
    feature_set: 'a41f09c2d7e3',
    positions: { 'tip.served': { '2': 1_842 }, 'tip.feedback': { '2': 1_377 } },
    known_at: null,
    features: Object.entries(features).map(([name, value]) => ({
      name,
      value,
      window: { from_ms: nowMs - WINDOW_MS, to_ms: nowMs },
      next_change:
        name === 'tip_volume_30d'
          ? {
              at_ms: nowMs + DAY_MS + 1,
              value: 47,
              events: [{ tip_id: 'tip-3', happening: 'served', at_ms: nowMs - 29 * DAY_MS, way: 'leaves', record: served(1_004) }],
              rows: [],
              events_omitted: 0,
            }
          : null,
      events: events.filter((event) => event.features.includes(name)).length,
      adds_up: true,
    })),
    events,
    rows: [],
    events_omitted: 0,
    search: SEARCH,
    ...over,
  };
}

export const RECORD: RecordDocument = {
  topic: 'tip.served',
  partition: 2,
  offset: 1_841,
  timestamp_ms: 1_769_709_000_123,
  key: { bytes: 3, text: 'ana', hex: null },
  value: { bytes: 59, text: '{"user_id":"ana","tip_id":"tip-9","served_at_ms":1769709000000}', hex: null },
  headers: [
    { name: 'trace', value: { bytes: 2, text: null, hex: 'ff00' } },
    { name: 'empty', value: null },
  ],
  previous_offset: 1_840,
  next_offset: null,
  event: { user_id: 'ana', tip_id: 'tip-9', served_at_ms: 1_769_709_000_000 },
  refusal: null,
  applied: true,
  is_folded: true,
  applied_to: 1_842,
  as_of_ms: 1_769_882_645_000,
  effect: {
    kind: 'tip',
    user_id: 'ana',
    tip_id: 'tip-9',
    happening: 'served',
    at_ms: 1_769_709_000_000,
    is_kept: true,
    kept_at_ms: 1_769_709_000_000,
    counted_in: ['completion_rate_30d', 'tip_volume_30d'],
    decisions: [{ decision_id: 'd-9310', record: { topic: 'tip.scored', partition: 2, offset: 77 }, reward: 1 }],
  },
  dead_letter: null,
  refused: null,
};

export const DECISIONS: DecisionsDocument = {
  user_id: 'ana',
  as_of_ms: 1_769_882_645_000,
  decisions: Array.from({ length: 3 }, (_, index) => ({
    decision_id: `d-${9_310 - index}`,
    requested_at_ms: 1_769_709_000_000 - index * 60_000,
    policy: 'egreedy-v1',
    chosen_tip_id: `tip-${9 - index}`,
    explored: index === 1,
    candidates: 2,
    shadow_tip_id: index === 2 ? null : 'tip-9',
    reward: [1, 0, null][index]!,
    record: { topic: 'tip.scored', partition: 2, offset: 77 - index },
  })),
  next_after: null,
};

const choice = (policy: string, topic: string): Choice => ({
  policy,
  record: { topic, partition: 2, offset: 77 },
  scored_at_ms: 1_769_709_000_004,
  chosen_tip_id: 'tip-9',
  explored: false,
  epsilon: 0.1,
  salt: '0',
  u: 0.3125,
  draw_adds_up: true,
  updates: 12,
  prior: null,
  names: ['bias', 'is_overdue'],
  theta: [0.25, 0.5],
  candidates: [
    {
      tip_id: 'tip-9',
      score: 0.75,
      propensity: 0.95,
      drawn: { from: 0.05, to: 1 },
      vector: [1, 1],
      terms: [0.25, 0.5],
      sum: 0.75,
      bonus: 0,
      adds_up: true,
    },
    {
      tip_id: 'tip-3',
      score: 0.25,
      propensity: 0.05,
      drawn: { from: 0, to: 0.05 },
      vector: [1, 0],
      terms: [0.25, 0],
      sum: 0.25,
      bonus: 0,
      adds_up: true,
    },
  ],
  profile: { as_of_ms: 1_769_709_000_000, features: { tip_volume_30d: 47, snooze_rate_30d: null } },
  positions: { 'tip.served': 1_841, 'tip.feedback': 1_376 },
});

export const DECISION: DecisionDocument = {
  user_id: 'ana',
  decision_id: 'd-9310',
  partition: 2,
  requested_at_ms: 1_769_709_000_000,
  request: { topic: 'tip.candidates', partition: 2, offset: 91 },
  live: choice('egreedy-v1', 'tip.scored'),
  shadow: choice('egreedy-v2-shadow', 'tip.scored.shadow'),
  served: { tip_id: 'tip-9', served_at_ms: 1_769_709_000_000, record: served(1_841) },
  reward: { value: 1, tip_id: 'tip-9', happening: 'done', at_ms: 1_769_709_060_000, record: feedback(1_376) },
  rewardable_until_ms: 1_769_709_000_000 + 7 * DAY_MS,
  is_closed: false,
  search: SEARCH,
};

export const fakeProvenance = (profile: Application['profile']): Pick<Application, 'record' | 'provenance' | 'decisions' | 'decision'> => ({
  async record(address) {
    if (address.topic.includes('nothing')) throw new TipstreamError('topic_not_found', `${address.topic} is not a topic of this service`);
    if (address.offset > RECORD.offset)
      throw new TipstreamError('offset_out_of_range', `${address.topic} has no record at offset ${address.offset}`, {
        hint: 'It holds the offsets 0 to 1841.',
        details: { ...address, low: 0, end: RECORD.offset + 1 },
      });
    return {
      ...RECORD,
      ...address,
      previous_offset: address.offset === 0 ? null : address.offset - 1,
      next_offset: address.offset === RECORD.offset ? null : address.offset + 1,
    };
  },
  async provenance(userId, { asOfMs, knownAt } = {}) {
    const known = await profile(userId, asOfMs);
    const known_at = knownAt === undefined ? null : { positions: knownAt, is_read: true, lost: [] };
    return { ...provenanceAt(known.as_of_ms, known.features), user_id: userId, known_at };
  },
  decisions: async (userId) => ({ ...DECISIONS, user_id: userId }),
  async decision(userId, decisionId) {
    if (!DECISIONS.decisions.some(({ decision_id: known }) => known === decisionId))
      throw new TipstreamError('not_found', `the user has no decision ${decisionId}`);
    return { ...DECISION, user_id: userId, decision_id: decisionId };
  },
});
