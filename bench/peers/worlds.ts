/** The same events in other shapes, in which a trick that pays in the plain one must pay too. */
import type { EventMix } from '../events.js';

export interface World {
  readonly name: string;
  readonly mix: Partial<EventMix>;
  /** Records in each record batch; absent: as in the plain world. */
  readonly batch?: number;
}

export const WORLDS: readonly World[] = [
  { name: 'plain', mix: {} },
  { name: 'uuids', mix: { uuids: true } },
  { name: 'batches-of-1', mix: {}, batch: 1 },
  { name: 'batches-of-100', mix: {}, batch: 100 },
  { name: 'batches-of-10000', mix: {}, batch: 10_000 },
  { name: 'busy-user', mix: { busiest: 0.01 } },
  { name: '8-kb-unknown', mix: { unknownBytes: 8_192 } },
  { name: 'with-decisions', mix: { withDecisions: true } },
];
