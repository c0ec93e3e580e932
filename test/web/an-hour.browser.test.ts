/** An hour of watching, in seconds: as many refreshes as it has, by the timers of the browser on its virtual time. */
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { secondsIn } from '../../src/web/state/polling.js';
import { chromiumOrSkip } from '../support/chromium.js';
import { consolePages } from '../support/console-page.js';
import { LAG, STATUS, fakeApplication } from '../support/fake-application.js';

const path = chromiumOrSkip('an hour of watching');
const MINUTE_MS = 60_000;
const DEFAULT_SECONDS = secondsIn(undefined)!;
/** One answer in so many comes over HTTP. */
const OVER_HTTP = 10;

/**
 * The others are made in the page, of the last that came, with other numbers: the page cannot tell, and the hour is not spent on the
 * network. `refreshes` counts them all.
 */
const ANSWERS_IN_THE_PAGE = `{
  const overHttp = window.fetch, last = {}, asked = {};
  window.refreshes = 0;
  window.fetch = async (path, init) => {
    asked[path] = (asked[path] ?? 0) + 1;
    if (path === '/v1/status') window.refreshes++;
    if (asked[path] % ${OVER_HTTP} === 1) {
      const answer = await overHttp(path, init);
      last[path] = await answer.clone().json();
      return answer;
    }
    init.signal.throwIfAborted();
    const document = structuredClone(last[path]), turn = asked[path];
    if (path === '/v1/status') document.counts.applied = turn;
    else for (const row of document) Object.assign(row, { lag_records: turn, rate_in: turn / 7 });
    return new Response(JSON.stringify(document));
  };
}`;

async function watched(page: Page) {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  return {
    /** Timers are due as fast as the page does their work; while it waits for the network, time stands still. */
    async goOn(budget: number): Promise<void> {
      const over = new Promise((resolve) => session.once('Emulation.virtualTimeBudgetExpired', resolve));
      await session.send('Emulation.setVirtualTimePolicy', { policy: 'pauseIfNetworkFetchesPending', budget });
      await over;
    },
    /** What is still reachable. */
    async held() {
      // What a first collection finds dead, a task of the browser lets go of.
      for (let time = 0; time < 2; time++) {
        await session.send('HeapProfiler.collectGarbage');
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
      await session.send('HeapProfiler.collectGarbage');
      const { usedSize: heap } = await session.send('Runtime.getHeapUsage');
      const { metrics } = await session.send('Performance.getMetrics');
      const of = (name: string) => metrics.find((metric) => metric.name === name)!.value;
      return { heap, nodes: of('Nodes'), listeners: of('JSEventListeners'), refreshes: await page.evaluate<number>('window.refreshes') };
    },
  };
}

describe.skipIf(path === undefined)('an hour of watching', () => {
  const { show } = consolePages(path);

  it(`leaks nothing, with a refresh every ${DEFAULT_SECONDS} s`, { timeout: 180_000 }, async () => {
    let overHttp = 0;
    const application = fakeApplication({
      status: () => ({ ...STATUS, counts: { ...STATUS.counts, applied: ++overHttp } }),
      lag: async () => LAG.map((row) => ({ ...row, rate_out: overHttp })),
    });
    // Little of it is in sight: painting is the browser's.
    const { page, address } = await show(application, '/livez', { viewport: { width: 400, height: 10 } });
    await page.addInitScript(ANSWERS_IN_THE_PAGE);
    await page.goto(address);
    await page.locator('.chart canvas').nth(1).waitFor({ state: 'attached' });
    const { goOn, held } = await watched(page);
    await goOn(5 * MINUTE_MS);
    const early = await held();
    await goOn(55 * MINUTE_MS);
    const late = await held();
    expect(late.refreshes).toBeGreaterThanOrEqual((60 * 60) / DEFAULT_SECONDS - 5);
    expect(overHttp).toBeGreaterThanOrEqual(late.refreshes / OVER_HTTP - 1);
    expect(late.nodes).toBeLessThan(early.nodes * 1.2 + 50);
    expect(late.listeners).toBeLessThan(early.listeners * 1.2 + 20);
    // The hour itself is kept, for the charts.
    expect(late.heap).toBeLessThan(early.heap + 1_000_000);
  });
});
