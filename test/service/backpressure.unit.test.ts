import { describe, expect, it } from 'vitest';
import { Backpressure } from '../../src/service/backpressure.js';
import type { RecordRun } from '../../src/log/port.js';
import { runOf } from '../../src/log/record-run.js';

const records = (count: number, bytes = 10): RecordRun =>
  runOf(
    Array.from({ length: count }, (_, offset) => ({
      topic: 't',
      partition: 0,
      offset,
      timestampMs: 0,
      key: null,
      value: Buffer.alloc(bytes),
      headers: [],
    })),
  );

describe('Backpressure', () => {
  it('pauses above 25,000 records and goes on at half of it, once', () => {
    const pressure = new Backpressure();
    expect(pressure.delivered('t', records(25_000))).toBe(true);
    expect(pressure.delivered('t', records(1))).toBe(false);
    expect(pressure.applied('t', 12_500)).toBe(false);
    expect(pressure.applied('t', 1)).toBe(true);
    expect(pressure.applied('t', 1)).toBe(false);
    expect(pressure.records).toBe(12_499);
  });

  it('pauses for few large records too', () => {
    const pressure = new Backpressure();
    expect(pressure.delivered('t', records(17, 1024 * 1024))).toBe(false);
    expect(pressure.applied('t', 8)).toBe(false);
    expect(pressure.applied('t', 1)).toBe(true);
  });

  it('keeps topics apart and passes over empty deliveries', () => {
    const pressure = new Backpressure();
    expect(pressure.delivered('t', records(25_001))).toBe(false);
    expect(pressure.delivered('other', records(0))).toBe(true);
    expect(pressure.applied('other', 0)).toBe(false);
    expect(pressure.applied('unknown', 5)).toBe(false);
  });
});
