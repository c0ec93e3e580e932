/**
 * Every page of pages.ts while something is wrong: a partition that stopped, a log that does not answer, a token that is not given yet.
 * Where a page has something of its own to say, it is in the tables below; a new page is held to what all of them are held to.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { chromiumOrSkip } from '../support/chromium.js';
import { consolePages, eventually } from '../support/console-page.js';
import { embeddedService } from '../support/embedded/directory.js';
import type { EmbeddedOptions, EmbeddedService } from '../support/embedded/service.js';

const path = chromiumOrSkip('every page while something is wrong');
const PATHS = [...readFileSync(join(import.meta.dirname, '../../src/web/pages.ts'), 'utf8').matchAll(/path: '([^']+)'/g)].map(
  ([, each]) => each!,
);
const TOKEN = 'a-token-for-the-console-alone';
const WITHIN_MS = 60_000;
/** What the state or the log says of somebody, which nobody sees without the token. */
const DATA = /\bana\b|\bd1\b|\bt1\b|invalid_event|egreedy|tip\.served/;
/** What these show is in the log alone. */
const WANT_THE_LOG = [
  '/admin/events/{topic}/{partition}/{offset}',
  '/admin/dead-letters',
  '/admin/dead-letters/{topic}/{partition}/{offset}',
  '/admin/data-quality',
  '/admin/audit',
];
const LOG_AWAY = /The log has not answered for \d/;

/** A serving of ana, a record of hers that was refused, a decision d1 and a change: every address has something to show. */
async function withData(options: EmbeddedOptions = {}): Promise<EmbeddedService> {
  const embedded = await embeddedService({ partitions: 2, logTimeoutMs: 400, ...options });
  const served = { user_id: 'ana', tip_id: 't1', served_at_ms: Date.now() - 60_000 };
  await embedded.produce('tip.served', served, { ...served, tip_id: 't2', served_at_ms: 'yesterday' });
  await embedded.catchUp();
  const candidates = [{ tip_id: 'a', is_overdue: true, task_age_days: 3, priority: 4 }];
  await embedded.service.score({ user_id: 'ana', decision_id: 'd1', candidates });
  await embedded.catchUp();
  const olga = { kind: 'token', name: 'olga', role: 'operate' } as const;
  embedded.service.noteChange({ actor: olga, action: 'policy.reset', target: { kind: 'user', id: 'ana' }, outcome: 'done' });
  return embedded;
}

/** The address of a page with the parameters that `withData` has something for. */
function addressOf(page: string, embedded: EmbeddedService): string {
  const topic = page.includes('dead-letters') ? 'tip.served-dlt' : 'tip.served';
  const known = { user_id: 'ana', decision_id: 'd1', topic, partition: embedded.partitionOf('ana'), offset: 0 };
  return page.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = (known as Readonly<Record<string, string | number>>)[name];
    if (value === undefined) throw new Error(`say what ${page} is shown of: {${name}} is unknown here`);
    return String(value);
  });
}

/** Waits until nothing of the page is still to come. What it says then is neither nothing nor nonsense, and what went wrong has a code. */
async function settled(page: Page): Promise<void> {
  const main = page.locator('main');
  const parts = main.locator('.card, .problem:not(:empty)');
  await parts.first().waitFor();
  await eventually(() => main.innerText()).not.toContain('Waiting for the service.');
  expect(await main.innerText()).not.toMatch(/undefined|NaN|\[object|Infinity/);
  expect((await parts.allInnerTexts()).join('').length).toBeGreaterThan(40);
  for (const problem of await main.locator('.problem:not(:empty)').all()) expect(await problem.locator('code').count()).toBeGreaterThan(0);
}

const state = (page: Page) => page.getByRole('status').first().innerText();

async function everyPage(page: Page, origin: string, embedded: EmbeddedService, says: Readonly<Record<string, RegExp>>): Promise<void> {
  expect(Object.keys(says).filter((each) => !PATHS.includes(each))).toEqual([]);
  for (const each of PATHS) {
    await page.goto(origin + addressOf(each, embedded));
    await eventually(() => state(page)).toMatch(/^Not ready\s+One thing is wrong\.$/);
    await settled(page);
    await eventually(() => page.locator('main').innerText()).toMatch(says[each] ?? /./);
  }
}

describe.skipIf(path === undefined)('every page', () => {
  const { show } = consolePages(path);

  it('while a partition is stopped: what is there of others, and why not more', { timeout: WITHIN_MS }, async () => {
    let breaks = false;
    const workerClock = () => {
      if (breaks) throw new Error('the clock of this machine is broken');
      return Date.now();
    };
    const embedded = await withData({ workerClock });
    const { page, address } = await show(embedded.service, '/');
    await eventually(() => state(page)).toBe('Ready');
    breaks = true;
    await embedded.produce('tip.served', { user_id: 'ana', tip_id: 't3', served_at_ms: Date.now() });
    const stopped = new RegExp(`partition ${embedded.partitionOf('ana')} .*the clock of this machine is broken.*\\s+Report it: `, 'i');
    await everyPage(page, address, embedded, {
      '/': stopped,
      '/admin/lag': /1 record behind[^]*the clock of this machine is broken/,
      '/admin/users': /ana/,
      '/admin/users/{user_id}': stopped,
      '/admin/users/{user_id}/decisions/{decision_id}': stopped,
      '/admin/events': /tip\.served\/\d\/2/,
      '/admin/events/{topic}/{partition}/{offset}': /It says that ana was shown the tip t1/,
      '/admin/dead-letters': /1 refused record\./,
      '/admin/dead-letters/{topic}/{partition}/{offset}': /served_at_ms: /,
      '/admin/data-quality': /Of the newest records of the 2 partitions held here\./,
      '/admin/policies': /egreedy-v1/,
      '/admin/features': /tip_volume_30d/,
      '/admin/audit': /policy\.reset\s+ana/,
    });
  });

  it('while the log does not answer: what the state knows, and that the rest cannot be had', { timeout: WITHIN_MS }, async () => {
    const embedded = await withData();
    const { page, address } = await show(embedded.service, '/');
    await eventually(() => state(page)).toBe('Ready');
    embedded.faults.refuse();
    await eventually(() => state(page)).toContain('Not ready');
    const says = {
      '/': LOG_AWAY,
      '/admin/lag': LOG_AWAY,
      '/admin/users': /ana/,
      '/admin/users/{user_id}': /tip_volume_30d\s+1\s/,
      '/admin/users/{user_id}/decisions/{decision_id}': /equal to the bit/,
      '/admin/events': LOG_AWAY,
      '/admin/policies': /egreedy-v1/,
      '/admin/features': /tip_volume_30d/,
    };
    const saying = (code: RegExp) => Object.fromEntries(WANT_THE_LOG.map((each) => [each, code]));
    await everyPage(page, address, embedded, { ...says, ...saying(/log_unavailable/) });
    // It takes connections, and then says nothing: a stopped process, a network that drops packets.
    embedded.faults.hang();
    await everyPage(page, address, embedded, { ...says, ...saying(/timeout|log_unavailable/) });
  });

  it('where a token is wanted: nothing before it, everything after it', { timeout: WITHIN_MS }, async () => {
    const embedded = await withData();
    for (const each of PATHS) {
      // Each time as somebody who was never here, of a server that has not counted a token that is missing.
      const { page } = await show(embedded.service, `${addressOf(each, embedded)}?refresh=off`, { token: TOKEN });
      const field = page.getByLabel('Token');
      await field.waitFor();
      expect(await page.locator('body').innerText(), each).not.toMatch(DATA);
      await field.fill(TOKEN);
      await field.press('Enter');
      await eventually(() => state(page)).toBe('Ready');
      await settled(page);
      expect(await page.locator('.problem:not(:empty)').allInnerTexts(), each).toEqual([]);
      await page.context().close();
    }
  });
});
