import { PerformanceObserver } from 'node:perf_hooks';
import { describe, expect, it, vi } from 'vitest';
import { ServiceMetrics } from '../../src/consumers/metrics.js';

const source = (backlog: number) => ({ tallies: () => new Map([['decisions', backlog]]), backlog: () => backlog, lag: async () => [] });

describe('metrics', () => {
  it('are of each service, and of the process once, however many services it has had', async () => {
    const observing = vi.spyOn(PerformanceObserver.prototype, 'observe');
    const [one, other] = [new ServiceMetrics(source(1)), new ServiceMetrics(source(2))];
    one.applied(7, 3);
    const texts = [await one.exposition(), await other.exposition()];
    for (let i = 0; i < 5; i++) await new ServiceMetrics(source(i)).exposition();
    expect(observing.mock.calls.length).toBeLessThanOrEqual(1);
    expect(texts.map((text) => /^tipstream_outbox_messages (\d+)$/m.exec(text)?.[1])).toEqual(['1', '2']);
    expect(texts.map((text) => /^tipstream_records_total (\d+)$/m.exec(text)?.[1])).toEqual(['7', '0']);
    for (const text of texts) expect(text.match(/^process_cpu_user_seconds_total /gm)).toHaveLength(1);
  });
});
