/**
 * Spans, by the API of OpenTelemetry alone. Where no SDK is loaded they cost next to nothing, are seen by nobody, and have the context of
 * their parent: so what came in goes on unchanged. An SDK is loaded by whoever wants one, into each thread
 * (`NODE_OPTIONS=--import=./tracing.mjs`).
 */
import { context, isSpanContextValid, SpanKind, SpanStatusCode, trace, type Span } from '@opentelemetry/api';
import { TipstreamError } from './errors.js';
import { fromSpanContext, toSpanContext, type TraceContext } from './events/trace-context.js';
import { PACKAGE_VERSION } from './package.js';

export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

/** The context of the span that is active here, if an SDK has one: that of the HTTP server, say. Else what a header said. */
export function parentOf(header: TraceContext | undefined): TraceContext | undefined {
  const active = trace.getActiveSpan()?.spanContext();
  return active !== undefined && isSpanContextValid(active) ? fromSpanContext(active) : header;
}

/** Does work in a span, whose context is what to send on; ends it when the work is done. Throws what the work throws. */
export function traced<T>(name: string, parent: TraceContext, work: (own: TraceContext) => T, attributes: SpanAttributes = {}): T {
  const span = startSpan(name, parent, SpanKind.INTERNAL, attributes);
  try {
    const result = context.with(trace.setSpan(context.active(), span), () => work(fromSpanContext(span.spanContext())));
    if (!(result instanceof Promise)) {
      span.end();
      return result;
    }
    return result.then(
      (value: unknown) => {
        span.end();
        return value;
      },
      (error: unknown) => {
        failed(span, error);
        throw error;
      },
    ) as T;
  } catch (error) {
    failed(span, error);
    throw error;
  }
}

/** The span of a message on its way to the log. Answers what ends it: with the error, when it could not be written. */
export function publishing(topic: string, parent: TraceContext): (error?: unknown) => void {
  const span = startSpan(`publish ${topic}`, parent, SpanKind.PRODUCER, { 'messaging.destination.name': topic });
  return (error) => (error === undefined ? span.end() : failed(span, error));
}

function startSpan(name: string, parent: TraceContext, kind: SpanKind, attributes: SpanAttributes): Span {
  const tracer = trace.getTracer('tipstream', PACKAGE_VERSION);
  return tracer.startSpan(name, { kind, attributes }, trace.setSpanContext(context.active(), toSpanContext(parent)));
}

/** By its code alone: a message may name a user. */
function failed(span: Span, error: unknown): void {
  span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof TipstreamError ? error.code : 'internal' });
  span.end();
}
