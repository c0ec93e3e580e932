/** Controls that hold from long ago: they change what is decided for late requests and what counts as learned, so they need a reason. */
import { TipstreamError } from '../errors.js';
import { decodeValue } from '../events/decode.js';
import type { RecordHeaders } from '../log/port.js';
import type { ControlEvent } from '../topics.js';

const DAY_MS = 86_400_000;
/** People say when a control holds as they make it. */
export const COMMANDS_LATE_MS = DAY_MS;
/** Programs' events come late: as late as the window of profiles looks back. */
export const EVENTS_LATE_MS = 30 * DAY_MS;

/** What is wrong with it; undefined: it is not that far back, or has a reason. */
export function backDated(event: Pick<ControlEvent, 'effective_at_ms' | 'reason'>, nowMs: number, lateMs: number): string | undefined {
  const { effective_at_ms: atMs, reason } = event;
  if (atMs >= nowMs - lateMs || (reason ?? '').trim() !== '') return undefined;
  const days = Math.floor((nowMs - atMs) / DAY_MS);
  return `effective_at_ms: ${new Date(atMs).toISOString()} is ${days} days back; a control that far back needs a reason`;
}

/** Throws invalid_argument for a control that a command is to write. */
export function refuseBackDated(event: Pick<ControlEvent, 'effective_at_ms' | 'reason'>, nowMs: number): void {
  const wrong = backDated(event, nowMs, COMMANDS_LATE_MS);
  if (wrong === undefined) return;
  throw new TipstreamError('invalid_argument', wrong, {
    hint: 'Give a --reason, which is recorded, if you mean it; or leave --effective-at out.',
  });
}

/** As `backDated`, of the value of a policy.control record that was checked. */
export function backDatedRecord(value: Buffer, headers: RecordHeaders, nowMs: number): string | undefined {
  const decoded = decodeValue('policy.control', value, headers, value.length);
  return decoded.ok ? backDated(decoded.event, nowMs, EVENTS_LATE_MS) : undefined;
}
