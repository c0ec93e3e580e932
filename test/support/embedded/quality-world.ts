/**
 * 38 days of an upstream that does what it should: every four hours a tip is asked for, served and reacted to, by twenty users in turn;
 * each record is in the log 50 ms after its event.
 */
import type { NewRecord } from '../../../src/log/port.js';
import { recordOf, type EmbeddedService } from './service.js';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;
/** An hour after the last event. */
export const QUALITY_AS_OF_MS = Date.UTC(2026, 10, 20, 12, 30);
/** Between two tips. */
export const STEP_MS = 4 * HOUR_MS;
const STEPS = 38 * 6;
/** How many decisions there are. */
export const DECISIONS = STEPS + 1;
const USERS = 20;
const CATEGORIES = ['work', 'home', 'health'];
const ACTIONS = ['done', 'done', 'dismiss', 'snooze', 'done'];
const WRITTEN_AFTER_MS = 50;

export const written = (topic: string, event: object, atMs: number, lateMs = WRITTEN_AFTER_MS, more: Partial<NewRecord> = {}): NewRecord =>
  recordOf(topic, event, { timestampMs: atMs + lateMs, ...more });

export interface QualityWorld {
  /** Events at or after it are left out, Unix ms. */
  readonly untilMs?: number;
  /** How many tips at a time, by how many steps ago. */
  readonly tips?: (stepsAgo: number) => number;
}

export function qualityRecords({ untilMs = Infinity, tips = () => 1 }: QualityWorld = {}): NewRecord[] {
  const records: NewRecord[] = [];
  for (let step = STEPS; step >= 0; step--) {
    for (let tip = 0; tip < tips(step); tip++) {
      const atMs = QUALITY_AS_OF_MS - HOUR_MS - step * STEP_MS + tip * 1_000;
      if (atMs >= untilMs) continue;
      const n = step + 7 * tip;
      const user_id = `u${n % USERS}`;
      const [tip_id, decision_id] = [`t${step}-${tip}`, `d${step}-${tip}`];
      const category = CATEGORIES[n % CATEGORIES.length];
      const candidates = [{ tip_id, is_overdue: false, task_age_days: 1, priority: 2, category }];
      records.push(
        written('tip.candidates', { decision_id, user_id, requested_at_ms: atMs, candidates }, atMs),
        written('tip.served', { tip_id, user_id, served_at_ms: atMs + 200, decision_id, category, source: 'app' }, atMs + 200),
        written('tip.feedback', { tip_id, user_id, action: ACTIONS[n % ACTIONS.length], reacted_at_ms: atMs + 60_000 }, atMs + 60_000),
      );
    }
  }
  return records.sort((a, b) => a.timestampMs! - b.timestampMs!);
}

/** Appends them and lets the service apply all. */
export async function fill(embedded: EmbeddedService, records: readonly NewRecord[]): Promise<void> {
  await embedded.append(...records);
  await embedded.catchUp();
}
