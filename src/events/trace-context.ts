/**
 * W3C Trace Context: which trace a record or a request belongs to, as the headers `traceparent` and `tracestate` say. What is not well
 * formed is no context: a trace is lost then, and nothing else. Pure.
 */
import { createTraceState, isSpanContextValid, type SpanContext } from '@opentelemetry/api';

/** Of the span that comes before, in headers' form. Can be cloned and written as JSON. */
export interface TraceContext {
  /** `00-TRACE_ID-SPAN_ID-FLAGS` */
  readonly traceparent: string;
  /** What tracing systems say besides, at most 512 characters. */
  readonly tracestate?: string;
}

type Headers = readonly (readonly [name: string, value: Buffer | null])[];

const TRACEPARENT = 'traceparent';
const TRACESTATE = 'tracestate';
const FORM = /^(?<version>[0-9a-f]{2})-(?<traceId>[0-9a-f]{32})-(?<spanId>[0-9a-f]{16})-(?<flags>[0-9a-f]{2})(?<more>-.*)?$/;
/** sampled, random: what the version that is written here knows. */
const KNOWN_FLAGS = 0x03;

/** undefined: there is none, or it is not well formed. A version of the future is read as far as this one goes. */
export function traceContextOf(traceparent: string | undefined, tracestate?: string): TraceContext | undefined {
  const parts = traceparent === undefined ? undefined : FORM.exec(traceparent.trim())?.groups;
  if (parts === undefined || parts['version'] === 'ff' || (parts['version'] === '00' && parts['more'] !== undefined)) return undefined;
  const context: SpanContext = {
    traceId: parts['traceId']!,
    spanId: parts['spanId']!,
    traceFlags: parseInt(parts['flags']!, 16) & KNOWN_FLAGS,
    ...(tracestate === undefined ? {} : { traceState: createTraceState(tracestate) }),
  };
  return isSpanContextValid(context) ? fromSpanContext(context) : undefined;
}

/** The same of a record's headers; of several, the last one counts, as it does for whoever adds one. */
export function traceContextIn(headers: Headers): TraceContext | undefined {
  const traceparent = headers.findLast(([name]) => name === TRACEPARENT)?.[1]?.toString('latin1');
  if (traceparent === undefined) return undefined;
  const states = headers.flatMap(([name, value]) => (name === TRACESTATE && value !== null ? [value.toString('latin1')] : []));
  return traceContextOf(traceparent, states.length === 0 ? undefined : states.join(','));
}

export function traceHeaders({ traceparent, tracestate }: TraceContext): Headers {
  const headers = [[TRACEPARENT, Buffer.from(traceparent)] as const];
  return tracestate === undefined ? headers : [...headers, [TRACESTATE, Buffer.from(tracestate)]];
}

export const isTraceHeader = (name: string): boolean => name === TRACEPARENT || name === TRACESTATE;

export function toSpanContext({ traceparent, tracestate }: TraceContext): SpanContext {
  const [, traceId, spanId, flags] = traceparent.split('-') as [string, string, string, string];
  return {
    traceId,
    spanId,
    traceFlags: parseInt(flags, 16),
    isRemote: true,
    ...(tracestate === undefined ? {} : { traceState: createTraceState(tracestate) }),
  };
}

export function fromSpanContext({ traceId, spanId, traceFlags, traceState }: SpanContext): TraceContext {
  const tracestate = traceState?.serialize() ?? '';
  return {
    traceparent: `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}`,
    ...(tracestate === '' ? {} : { tracestate }),
  };
}
