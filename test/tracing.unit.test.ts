/** With an SDK the spans are its own, under what came in; without one nothing changes. The SDK here is the least that the API takes. */
import { ROOT_CONTEXT, SpanStatusCode, trace, type Context, type Span, type SpanContext, type SpanOptions } from '@opentelemetry/api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TipstreamError } from '../src/errors.js';
import type { TraceContext } from '../src/events/trace-context.js';
import { parentOf, publishing, traced } from '../src/tracing.js';

const PARENT: TraceContext = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', tracestate: 'a=1' };

interface Recorded {
  readonly name: string;
  readonly parent: SpanContext | undefined;
  readonly attributes: SpanOptions['attributes'];
  readonly context: SpanContext;
  ended: boolean;
  failed: string | undefined;
}

let spans: Recorded[];

function startSpan(name: string, { attributes }: SpanOptions = {}, context: Context = ROOT_CONTEXT): Span {
  const parent = trace.getSpanContext(context);
  const span: Recorded = {
    name,
    parent,
    attributes,
    context: { ...parent!, spanId: String(spans.length + 1).padStart(16, '0') },
    ended: false,
    failed: undefined,
  };
  spans.push(span);
  return {
    spanContext: () => span.context,
    end: () => void (span.ended = true),
    setStatus: ({ code, message }: { code: SpanStatusCode; message?: string }) =>
      void (span.failed = code === SpanStatusCode.ERROR ? message : undefined),
  } as unknown as Span;
}

describe('without an SDK', () => {
  it('what came in goes on unchanged', async () => {
    expect(traced('work', PARENT, (own) => own)).toEqual(PARENT);
    expect(await traced('work', PARENT, (own) => Promise.resolve(own))).toEqual(PARENT);
    expect(parentOf(PARENT)).toBe(PARENT);
    expect(parentOf(undefined)).toBeUndefined();
    publishing('t', PARENT)();
  });

  it('throws what the work throws', async () => {
    const error = new Error('no');
    expect(() =>
      traced('work', PARENT, () => {
        throw error;
      }),
    ).toThrow(error);
    await expect(traced('work', PARENT, () => Promise.reject(error))).rejects.toBe(error);
  });
});

describe('with an SDK', () => {
  beforeEach(() => {
    spans = [];
    trace.setGlobalTracerProvider({ getTracer: () => ({ startSpan }) as never });
  });
  afterEach(() => trace.disable());

  it('what goes on is the span of the work, a child of what came in', async () => {
    const own = await traced('work', PARENT, (given) => Promise.resolve(given), { policy: 'p' });
    expect(own).toEqual({ ...PARENT, traceparent: '00-0af7651916cd43dd8448eb211c80319c-0000000000000001-01' });
    expect(spans).toMatchObject([
      { name: 'work', attributes: { policy: 'p' }, parent: { spanId: 'b7ad6b7169203331', isRemote: true }, ended: true },
    ]);
  });

  it('a span ends with its work, and not before', async () => {
    let done: () => void = () => undefined;
    const working = traced('work', PARENT, () => new Promise<void>((resolve) => (done = resolve)));
    expect(spans[0]).toMatchObject({ ended: false });
    done();
    await working;
    expect(spans[0]).toMatchObject({ ended: true, failed: undefined });
  });

  it('an error is said by its code, without its message', async () => {
    const error = new TipstreamError('not_ready', 'ana is not ready');
    await expect(traced('work', PARENT, () => Promise.reject(error))).rejects.toBe(error);
    publishing('tip.scored', PARENT)(new Error('ana'));
    expect(spans).toMatchObject([
      { ended: true, failed: 'not_ready' },
      { name: 'publish tip.scored', ended: true, failed: 'internal' },
    ]);
  });
});
