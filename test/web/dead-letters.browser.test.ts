/** The pages of dead letters: listed, filtered and shown on answers written by hand; redriven on a real service. */
import { describe, expect, it } from 'vitest';
import { TipstreamError } from '../../src/errors.js';
import type { Application, DeadLetterSummary, RedriveJob } from '../../src/service/application.js';
import { chromiumOrSkip } from '../support/chromium.js';
import { accessibilityFaults, card, consolePages, eventually, processorTime, rowsOf, scrollsSideways } from '../support/console-page.js';
import { embeddedService } from '../support/embedded/directory.js';
import { recordOf, type EmbeddedService } from '../support/embedded/service.js';
import { fakeApplication } from '../support/fake-application.js';
import { LETTERS, REDRIVE, VALUE, letter, listed } from '../support/fake-letters.js';

const path = chromiumOrSkip('the pages of dead letters');

describe.skipIf(path === undefined)('the page of dead letters', () => {
  const { show } = consolePages(path);

  it('lists by reason and source, and filters in the address, so that Back works', async () => {
    const { page } = await show(fakeApplication(), '/?time=utc');
    await page.getByRole('link', { name: '12', exact: true }).click();
    await eventually(() => rowsOf(card(page, 'By reason and source'))).toHaveLength(3);
    expect((await rowsOf(card(page, 'By reason and source')))[0]).toMatch(
      /^invalid_event \| tip\.served \| 2 \| 2026-01-31 17:50:02 Z \| /,
    );
    expect((await rowsOf(card(page, 'Records'))).map((row) => row.split(' | ').slice(0, 5).join(' | '))).toEqual([
      'tip.feedback-dlt/0/4 | 2026-01-31 17:50:04 Z | tip.feedback/0/40 | user-4 | wrong_partition',
      'tip.served-dlt/3/3 | 2026-01-31 17:50:03 Z | tip.served/3/30 | none | not_json',
      'tip.served-dlt/2/2 | 2026-01-31 17:50:02 Z | tip.served/2/20 | user-2 | invalid_event',
      'tip.served-dlt/1/1 | 2026-01-31 17:50:01 Z | tip.served/1/10 | user-1 | invalid_event',
    ]);
    expect((await rowsOf(card(page, 'Records')))[2]).toMatch(/ \| 0 \| 2$/);
    await page.getByRole('link', { name: 'not_json' }).click();
    await eventually(() => rowsOf(card(page, 'Records'))).toHaveLength(1);
    expect(new URL(page.url()).search).toContain('topic=tip.served&code=not_json');
    expect(await rowsOf(card(page, 'By reason and source'))).toHaveLength(3);
    await page.goBack();
    await eventually(() => rowsOf(card(page, 'Records'))).toHaveLength(4);
    await page.getByLabel('Source', { exact: true }).selectOption('tip.feedback');
    await eventually(() => rowsOf(card(page, 'Records'))).toHaveLength(1);
    await page.getByLabel('Refused since').fill('2999-01-01');
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    await eventually(() => rowsOf(card(page, 'Records'))).toEqual(['No refused record is like that. Show all.']);
    await page.getByRole('button', { name: 'Show all.' }).click();
    await eventually(() => rowsOf(card(page, 'Records'))).toHaveLength(4);
  });

  it('says what is wrong with a time, what is not in its numbers, and that nothing was refused', async () => {
    let letters: readonly DeadLetterSummary[] = LETTERS;
    const application: Partial<Application> = {
      deadLetters: async (query) => {
        const document = listed(letters, query);
        const unread = [{ topic: 'tip.served-dlt', partition: 0, low: 0, from: 5_000, to: 9_000, end: 9_000 }];
        return letters.length === 0 ? document : { ...document, read: { ...document.read, is_whole: false, unread } };
      },
    };
    const { page } = await show(fakeApplication(application), '/admin/dead-letters?refresh=1');
    await eventually(() => card(page, 'Records').innerText()).toContain(
      'The log holds older dead letters, at 5,000 offsets that were not read',
    );
    await page.getByLabel('Refused since').fill('yesterday');
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    await eventually(() => page.locator('.problem').first().innerText()).toContain('since_ms: must be Unix milliseconds or ISO 8601');
    await page.getByLabel('Refused since').fill('');
    await page.getByRole('button', { name: 'Show', exact: true }).click();
    await eventually(() => rowsOf(card(page, 'Records'))).toHaveLength(4);
    letters = [];
    await eventually(() => rowsOf(card(page, 'By reason and source'))).toEqual([
      'No record was refused. When one is, this says why, and where it lies.',
    ]);
    expect(await card(page, 'Redrive').innerText()).toContain('There is nothing to put back.');
  });

  it('keeps focus and position while letters come in, and 10,000 rows stay quick', async () => {
    const many = Array.from({ length: 9_990 }, (_, at) => letter(at));
    let asked = 0;
    const deadLetters: Application['deadLetters'] = async (query) => {
      asked++;
      if (many.length < 10_000) many.push(letter(many.length));
      return listed(many, query);
    };
    const { page } = await show(fakeApplication({ deadLetters }), '/admin/dead-letters?refresh=1');
    const table = page.getByRole('region', { name: 'Refused records', exact: true });
    await page.getByRole('button', { name: 'Show 1,000' }).click();
    await eventually(() => table.locator('table').getAttribute('aria-rowcount')).toBe('1001');
    const scroll = (to: number) => table.evaluate((element, top) => ((element as unknown as { scrollTop: number }).scrollTop = top), to);
    const position = () => table.evaluate((element) => (element as unknown as { scrollTop: number }).scrollTop);
    await scroll(8_000);
    await eventually(() => rowsOf(table).then((rows) => Number(/dlt\/\d\/(\d+)/.exec(rows[0]!)?.[1]))).toBeLessThan(9_900);
    await table.getByRole('link').nth(40).focus();
    const [focused, top] = [await page.evaluate<string>('document.activeElement.innerText'), await position()];
    const before = asked;
    await eventually(() => asked).toBeGreaterThan(before + 2);
    expect([await page.evaluate('document.activeElement.innerText'), await position()]).toEqual([focused, top]);

    await page.getByRole('button', { name: 'Show 5,000' }).click();
    await page.getByRole('button', { name: 'Show 10,000' }).click();
    await eventually(() => table.locator('table').getAttribute('aria-rowcount')).toMatch(/^(999\d|1000[01])$/);
    expect(await table.locator('tbody tr').count()).toBeLessThan(100);
    const used = await processorTime(page);
    const spent = await used();
    await scroll(100_000);
    await eventually(() => rowsOf(table).then((rows) => Number(/dlt\/\d\/(\d+)/.exec(rows[0]!)?.[1]))).toBeLessThan(8_000);
    expect((await used()) - spent).toBeLessThan(1);
  });

  it('shows one letter: why, where from, bytes as text and hexadecimal, what the schema wants', async () => {
    const { page } = await show(fakeApplication(), '/admin/dead-letters?time=utc');
    await page.getByRole('link', { name: 'tip.served-dlt/1/1' }).click();
    const why = card(page, 'Why');
    await eventually(() => why.innerText()).toContain('invalid_event at validate');
    expect(await why.innerText()).toContain('served_at_ms: is missing (expected number)');
    expect(await why.innerText()).toContain('user-1 (75 73 65 72 2d 31)');
    expect(await why.getByRole('link', { name: 'tip.served/1/10' }).getAttribute('href')).toBe('/admin/events/tip.served/1/10?time=utc');
    const value = card(page, 'Value');
    expect(await value.getByRole('region', { name: 'Value as text' }).innerText()).toBe(VALUE);
    await value.getByText('In hexadecimal').click();
    expect(await value.getByRole('region', { name: 'Value in hexadecimal' }).innerText()).toContain('000000  7b 22 75 73 65 72');
    expect(await rowsOf(value)).toEqual(['trace | abc']);
    expect((await rowsOf(card(page, 'What its schema wants'))).slice(0, 3)).toEqual([
      'tip_id | yes | string, 1 to 128 characters | ',
      'user_id | yes | string, 1 to 128 characters | ',
      'served_at_ms | yes | integer, 0 to 253402300799999 | Unix milliseconds',
    ]);
    await page.goto(page.url().replace('/1/1', '/1/2'));
    await eventually(() => page.locator('.problem').first().innerText()).toContain('there is no record tip.served-dlt/1/2. not_found');
    await page.goBack();
    await page.goBack();
    await eventually(() => rowsOf(card(page, 'Records'))).toHaveLength(4);
  });

  it('leads to the redrive that runs already, stops it, and says what was sent', async () => {
    let job: RedriveJob = {
      ...REDRIVE,
      dry_run: false,
      state: 'running',
      request: { dry_run: false, rate: 2 },
      progress: { step: 'sending', done: 5, total: 20 },
      redriven: 5,
      result: undefined,
    };
    const begun: unknown[] = [];
    const application: Partial<Application> = {
      redrive: (request) => {
        begun.push(request);
        if (begun.length > 1) return (job = { ...job, state: 'failed', error: { code: 'disk_full', message: 'no space is left' } });
        throw new TipstreamError('data_in_use', 'another redrive is running in this service', {
          hint: 'Wait.',
          details: { job_id: job.job_id },
        });
      },
      redriveJob: () => job,
      stopRedrive: () => (job = { ...job, state: 'stopping' }),
    };
    const { page } = await show(fakeApplication(application), '/admin/dead-letters');
    const redrive = card(page, 'Redrive');
    await redrive.getByLabel('At most').fill('1.5');
    await redrive.getByRole('button', { name: 'Check what it would do' }).click();
    expect(await redrive.getByRole('alert').innerText()).toBe('At most: Give a whole number from 1 to 100,000, or nothing.');
    await redrive.getByLabel('At most').fill('100');
    await redrive.getByLabel('Records a second').fill('2');
    await redrive.getByLabel('Also those put back before').check();
    await redrive.getByRole('button', { name: 'Check what it would do' }).click();
    await eventually(() => redrive.locator('.problem').first().innerText()).toContain('another redrive is running');
    expect(begun).toEqual([{ max: 100, rate: 2, again: true, dry_run: true }]);
    await redrive.getByRole('button', { name: 'Show that redrive' }).click();
    await eventually(() => redrive.innerText()).toContain('Putting back: 5 of 20 records (25 %)');
    expect(new URL(page.url()).searchParams.get('redrive')).toBe(job.job_id);
    await redrive.getByRole('button', { name: 'Stop' }).click();
    await eventually(() => redrive.getByRole('button', { name: 'Stopping' }).isDisabled()).toBe(true);
    job = { ...job, state: 'stopped', redriven: 7 };
    await eventually(() => redrive.getByRole('status').innerText()).toContain('Stopped. 7 records were put back and stay there');
    await redrive.getByRole('button', { name: 'Go on' }).click();
    await eventually(() => redrive.locator('.problem').first().innerText()).toMatch(
      /no space is left\. disk_full\s+7 records had been put back by then/,
    );
    expect(begun.at(-1)).toEqual({ dry_run: false, rate: 2 });
    await redrive.getByRole('button', { name: 'Back' }).click();
    await redrive.getByRole('button', { name: 'Check what it would do' }).waitFor();
  });

  it('says which role a redrive needs', async () => {
    const reader = 'a-reader-of-this-service';
    const { page } = await show(fakeApplication(), '/admin/dead-letters', { tokenList: `read dashboards ${reader}` });
    await page.getByLabel('Token').fill(reader);
    await page.getByRole('button', { name: 'Open' }).click();
    const redrive = card(page, 'Redrive');
    await redrive.getByRole('button', { name: 'Check what it would do' }).click();
    await eventually(() => redrive.locator('.problem').first().innerText()).toContain(
      'this needs the role operate, and the token "dashboards" has the role read',
    );
  });
});

describe.skipIf(path === undefined)('a redrive on a real service', () => {
  const { show } = consolePages(path);
  const NOW = Date.now();
  const served = (user_id: string, tip_id: string) => ({ user_id, tip_id, served_at_ms: NOW - 3_600_000 });

  /** A producer that wrote a field by a wrong name, and one that wrote no JSON. */
  async function poisoned(): Promise<EmbeddedService> {
    const embedded = await embeddedService({ partitions: 1 });
    await embedded.produce('tip.served', served('ana', 't0'), { user_id: 'ana', tip_id: 't1', served_at: NOW - 3_600_000 });
    await embedded.append({ topic: 'tip.served', key: Buffer.from('ana'), value: Buffer.from([0xff, 0xfe]) });
    await embedded.catchUp();
    return embedded;
  }

  it('shows what it would do, does nothing before it is confirmed, and says what it did', async () => {
    const embedded = await poisoned();
    const { page } = await show(embedded.service, '/admin/dead-letters?refresh=1');
    const redrive = card(page, 'Redrive');
    await redrive.getByRole('button', { name: 'Check what it would do' }).click();
    await eventually(() => redrive.getByRole('status').innerText()).toBe('2 records would be put back, and all would be refused again.');
    expect(await rowsOf(redrive)).toEqual([
      expect.stringMatching(/^tip\.served-dlt\/0\/0 \| tip\.served\/0 \| invalid_event \| refused invalid_event: served_at_ms: /),
      expect.stringMatching(/^tip\.served-dlt\/0\/1 \| tip\.served\/0 \| not_utf8 \| refused not_utf8: /),
    ]);
    expect(await redrive.innerText()).toContain('This appends 2 records to tip.served as they were refused.');
    expect(await embedded.records('tip.served')).toHaveLength(3);
    await page.reload();
    await redrive.getByRole('button', { name: 'Leave it' }).click();
    expect(await embedded.records('tip.served')).toHaveLength(3);
    await redrive.getByRole('button', { name: 'Check what it would do' }).click();
    await redrive.getByRole('button', { name: 'Put 2 records back' }).click();
    await eventually(() => redrive.getByRole('status').innerText()).toBe('2 records were put back.');
    expect(await rowsOf(redrive)).toEqual([
      'tip.served-dlt/0/0 | tip.served/0/3 | invalid_event',
      'tip.served-dlt/0/1 | tip.served/0/4 | not_utf8',
    ]);
    // They fail again, and do not loop.
    await eventually(() => rowsOf(card(page, 'Records'))).toHaveLength(4);
    await redrive.getByRole('button', { name: 'Done' }).click();
    await redrive.getByRole('button', { name: 'Check what it would do' }).click();
    await eventually(() => redrive.innerText()).toMatch(
      /There is nothing to put back\.\s+Left out: 2 put back before\.\s+Left out: 2 put back before and refused again\./,
    );
  });

  it('of a corrected value changes the profile, and keeps both', async () => {
    const embedded = await poisoned();
    const { page } = await show(embedded.service, '/admin/dead-letters/tip.served-dlt/0/0');
    const redrive = card(page, 'Redrive');
    await redrive.getByRole('button', { name: 'Correct the value first' }).click();
    await redrive.getByLabel('Value to send instead').fill('{"user_id": "ana"}');
    await redrive.getByRole('button', { name: 'Check what it would do' }).click();
    await eventually(() => redrive.locator('.problem').first().innerText()).toContain(
      'the edited value would be refused too: invalid_event',
    );
    await redrive.getByRole('button', { name: 'Back' }).click();
    await redrive.getByRole('button', { name: 'Correct the value first' }).click();
    await redrive.getByLabel('Value to send instead').fill(JSON.stringify(served('ana', 't1')));
    await redrive.getByRole('button', { name: 'Check what it would do' }).click();
    await eventually(() => rowsOf(redrive.getByRole('region', { name: 'Profiles that would change' }))).toContain(
      'ana | tip_volume_30d | 1 | 2',
    );
    expect((await embedded.service.profile('ana')).features['tip_volume_30d']).toBe(1);
    await redrive.getByRole('button', { name: 'Put 1 record back' }).click();
    await eventually(() => redrive.getByRole('status').innerText()).toBe('1 record was put back.');
    await embedded.catchUp();
    expect((await embedded.service.profile('ana')).features['tip_volume_30d']).toBe(2);
    expect((await embedded.records('tip.served-dlt'))[0]!.value!.toString()).toContain('"served_at":');
  });

  it('of bytes that are no text shows them in hexadecimal, and fits a phone', async () => {
    const embedded = await poisoned();
    const long = recordOf('tip.served', { user_id: 'x'.repeat(100), note: 'y'.repeat(60_000) });
    await embedded.append(long);
    await embedded.catchUp();
    const { page } = await show(embedded.service, '/admin/dead-letters/tip.served-dlt/0/1', { viewport: { width: 390, height: 800 } });
    const value = card(page, 'Value');
    await eventually(() => value.innerText()).toContain('2 bytes, which are not UTF-8.');
    expect(await value.getByRole('region', { name: 'Value in hexadecimal' }).innerText()).toMatch(/^000000 {2}ff fe {40,}\.\.$/);
    expect(await scrollsSideways(page)).toBe(false);
    await page.goto(page.url().replace('/0/1', '/0/2'));
    await value.getByRole('button', { name: `Show all ${new Intl.NumberFormat('en').format(long.value!.length)} bytes` }).click();
    expect((await value.getByRole('region', { name: 'Value as text' }).innerText()).length).toBe(long.value!.length);
    expect(await scrollsSideways(page)).toBe(false);
    expect(await accessibilityFaults(page)).toEqual([]);
  });
});
