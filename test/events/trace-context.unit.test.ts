import { describe, expect, it } from 'vitest';
import { fromSpanContext, toSpanContext, traceContextIn, traceContextOf, traceHeaders } from '../../src/events/trace-context.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const GOOD = `00-${TRACE}-${SPAN}-01`;
const bytes = (text: string | null) => (text === null ? null : Buffer.from(text));
const headers = (...pairs: [string, string | null][]) => pairs.map(([name, value]) => [name, bytes(value)] as const);

describe('traceparent', () => {
  it.each([
    ['as it is', GOOD, GOOD],
    ['not sampled', `00-${TRACE}-${SPAN}-00`, `00-${TRACE}-${SPAN}-00`],
    ['with a random trace id', `00-${TRACE}-${SPAN}-03`, `00-${TRACE}-${SPAN}-03`],
    ['without the flags that nobody knows', `00-${TRACE}-${SPAN}-fd`, `00-${TRACE}-${SPAN}-01`],
    ['of a version of the future', `cc-${TRACE}-${SPAN}-01`, GOOD],
    ['of a version of the future that says more', `cc-${TRACE}-${SPAN}-01-what-the-future-brings`, GOOD],
    ['with blanks around it', ` ${GOOD}\t`, GOOD],
  ])('is read %s', (_, given, read) => {
    expect(traceContextOf(given)).toEqual({ traceparent: read });
  });

  it.each([
    ['absent', undefined],
    ['empty', ''],
    ['of version ff', `ff-${TRACE}-${SPAN}-01`],
    ['of version 00 that says more', `${GOOD}-more`],
    ['of version 00 with a dash at its end', `${GOOD}-`],
    ['of a version of the future that runs on without a dash', `cc-${TRACE}-${SPAN}-01.more`],
    ['with a trace id of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['with a span id of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['with a short trace id', `00-${TRACE.slice(1)}-${SPAN}-01`],
    ['with a long span id', `00-${TRACE}-${SPAN}0-01`],
    ['in capitals', GOOD.toUpperCase()],
    ['with letters that are no digits', `00-${TRACE.replace('a', 'g')}-${SPAN}-01`],
    ['without flags', `00-${TRACE}-${SPAN}`],
    ['twice', `${GOOD}, ${GOOD}`],
    ['over two lines', `${GOOD}\n${GOOD}`],
  ])('is none when it is %s', (_, given) => {
    expect(traceContextOf(given, 'a=1')).toBeUndefined();
  });
});

describe('tracestate', () => {
  it('goes with its traceparent, and never without', () => {
    expect(traceContextOf(GOOD, 'congo=t61rcWkgMzE,rojo=00f067aa0ba902b7')).toEqual({
      traceparent: GOOD,
      tracestate: 'congo=t61rcWkgMzE,rojo=00f067aa0ba902b7',
    });
    expect(traceContextIn(headers(['tracestate', 'a=1']))).toBeUndefined();
  });

  it.each([
    ['is not well formed', 'no member at all'],
    ['is empty', ''],
    ['is too long', `a=${'x'.repeat(600)}`],
  ])('that %s is left out, and the trace goes on', (_, tracestate) => {
    expect(traceContextOf(GOOD, tracestate)).toEqual({ traceparent: GOOD });
  });
});

describe('headers of a record', () => {
  it('are read as they were written', () => {
    const context = { traceparent: GOOD, tracestate: 'a=1,b=2' };
    expect(traceContextIn(traceHeaders(context))).toEqual(context);
    expect(traceContextIn(traceHeaders({ traceparent: GOOD }))).toEqual({ traceparent: GOOD });
    expect(fromSpanContext(toSpanContext(context))).toEqual(context);
  });

  it('count by the last traceparent and all of tracestate, among whatever else there is', () => {
    const other = GOOD.replace('b7ad', '1111');
    const given = headers(['traceparent', other], ['tracestate', 'a=1'], ['ce_id', 'x'], ['traceparent', GOOD], ['tracestate', 'b=2']);
    expect(traceContextIn(given)).toEqual({ traceparent: GOOD, tracestate: 'a=1,b=2' });
  });

  it.each([
    ['no headers', headers()],
    ['a traceparent without a value', headers(['traceparent', null])],
    ['a last traceparent that is not well formed', headers(['traceparent', GOOD], ['traceparent', 'x'])],
    ['another spelling of the name', headers(['Traceparent', GOOD])],
    ['bytes that are no text', [['traceparent', Buffer.from([0xff, 0xfe, 0x00])] as const]],
  ])('say nothing: %s', (_, given) => {
    expect(traceContextIn(given)).toBeUndefined();
  });
});
