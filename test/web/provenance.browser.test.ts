/** Where numbers come from, in a real Chromium: from a value to its events, to their records, to the decision that they led to. */
import { describe, expect, it } from 'vitest';
import { registryOf } from '../../src/projections/registry.js';
import type { ProvenanceDocument } from '../../src/service/application.js';
import { chromiumOrSkip } from '../support/chromium.js';
import { card, consolePages, eventually, rowsOf, scrollsSideways } from '../support/console-page.js';
import { embeddedService } from '../support/embedded/directory.js';
import { NOW_MS, PROFILE, fakeApplication } from '../support/fake-application.js';
import { DECISION, SEARCH, provenanceAt, type RECORD } from '../support/fake-provenance.js';

const path = chromiumOrSkip('the pages on where numbers come from');
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

describe.skipIf(path === undefined)('where a number comes from', () => {
  const { show } = consolePages(path);

  it('leads from a value to its events, to a record and what it did, to the decision, and back', async () => {
    const startMs = Date.now() - 5 * DAY_MS;
    const embedded = await embeddedService({ partitions: 2, settings: { shadow: 'egreedy-v2' } });
    for (let at = 0; at < 3; at++) {
      const requestedAtMs = startMs + at * DAY_MS;
      const candidates = [1, 2].map((one) => ({ tip_id: `t${at}${one}`, is_overdue: one === 1, task_age_days: at + one, priority: one }));
      await embedded.produce('tip.candidates', { user_id: 'ana', decision_id: `d${at}`, requested_at_ms: requestedAtMs, candidates });
      await embedded.catchUp();
      const served = { user_id: 'ana', tip_id: `t${at}1`, served_at_ms: requestedAtMs + 1_000, decision_id: `d${at}` };
      await embedded.produce('tip.served', served);
      if (at === 0) continue;
      await embedded.produce('tip.feedback', { user_id: 'ana', tip_id: `t${at}1`, action: 'done', reacted_at_ms: requestedAtMs + HOUR_MS });
      await embedded.catchUp();
    }
    const partition = embedded.partitionOf('ana');
    const { page } = await show(embedded.service, '/admin/users/ana?refresh=1');
    const profile = card(page, 'Profile');
    await eventually(() => rowsOf(profile).then((rows) => rows.at(-1))).toMatch(
      /^tip_volume_30d \| 3 \|  \| .* \(30 d\) \| 3 \| .*: 2\. The serving of t01 leaves the window\.$/,
    );
    await profile.getByRole('button', { name: 'completion_rate_30d' }).click();
    expect(new URL(page.url()).searchParams.get('feature')).toBe('completion_rate_30d');
    const behind = card(page, 'Events behind completion_rate_30d');
    await eventually(() => rowsOf(behind).then((rows) => rows.map((row) => row.replace(/^[^|]*\| /, '')))).toEqual([
      `done | t21 | tip.feedback/${partition}/1`,
      `served | t21 | tip.served/${partition}/2`,
      `done | t11 | tip.feedback/${partition}/0`,
      `served | t11 | tip.served/${partition}/1`,
      `served | t01 | tip.served/${partition}/0`,
    ]);
    // The rows stay while the page refreshes: the link in focus is the same element.
    const link = behind.getByRole('link', { name: `tip.feedback/${partition}/1` });
    await link.focus();
    const before = await profile.locator('.as-of').innerText();
    await eventually(() => profile.locator('.as-of').innerText()).not.toBe(before);
    expect(await page.evaluate<string>('document.activeElement.innerText')).toBe(`tip.feedback/${partition}/1`);
    await page.keyboard.press('Enter');

    await eventually(() => card(page, 'What it did').innerText()).toContain('It is kept: the earliest done of the tip.');
    const did = await card(page, 'What it did').innerText();
    expect(did).toContain('It says that ana met with done the tip t21');
    expect(did).toContain('Counted in completion_rate_30d, mean_dwell_ms_30d, preferred_hour, preferred_weekday');
    expect(did).toContain('whose reward is 1');
    expect(await page.locator('pre').innerText()).toContain('\n  "action": "done",\n');
    await page.getByRole('link', { name: 'Previous record (0)' }).click();
    await eventually(() => card(page, 'What it did').innerText()).toContain('the tip t11');
    await page.getByRole('link', { name: 'Next record (1)' }).click();
    await card(page, 'What it did').getByRole('link', { name: 'd2', exact: true }).click();

    await eventually(() => card(page, 'Live').innerText()).toContain('egreedy-v1');
    expect(await card(page, 'Live').innerText()).toContain('gives the choice');
    expect(await card(page, 'Shadow').innerText()).toContain('egreedy-v2-shadow');
    expect(await card(page, 'Request and reward').innerText()).toMatch(/Reward\s+1 for t21 by its done at /);
    await eventually(() => rowsOf(card(page, 'Candidates'))).toHaveLength(2);
    await card(page, 'Live').getByRole('link', { name: 'as it was known then' }).click();
    await eventually(() => card(page, 'Profile').locator('.notice').innerText()).toContain(
      'As it was known when the log stood at tip.feedback 1, tip.served 2.',
    );
    expect((await rowsOf(card(page, 'Profile'))).at(-1)).toMatch(/^tip_volume_30d \| 2 \| /);
    await page.goBack();
    await card(page, 'Candidates').getByRole('button', { name: 't22' }).click();
    const score = card(page, 'Score of t22, entry by entry');
    await eventually(() => rowsOf(score)).toHaveLength(12);
    expect(await score.getByText('equal to the bit').count()).toBe(2);
    await page.goBack();
    await page.goBack();
    await eventually(() => card(page, 'What it did').innerText()).toContain('the tip t11');
  });

  it('goes back in time by a slider, which the keyboard moves, and Back comes forward again', async () => {
    const asked: (number | undefined)[] = [];
    const { page } = await show(
      fakeApplication({
        provenance: async (_user, { asOfMs } = {}) => {
          asked.push(asOfMs);
          return provenanceAt(asOfMs ?? Date.now(), PROFILE.features);
        },
      }),
      '/admin/users/ana?time=utc',
    );
    const slider = page.getByRole('slider');
    await eventually(() => slider.getAttribute('aria-valuetext')).toBe('now');
    await slider.focus();
    await page.keyboard.press('ArrowLeft');
    const hour = Math.floor(Date.now() / HOUR_MS) * HOUR_MS;
    await eventually(() => new URL(page.url()).searchParams.get('as_of')).toBe(new Date(hour).toISOString());
    await eventually(() => asked.at(-1)).toBe(hour);
    await page.keyboard.press('PageDown');
    await eventually(() => asked.at(-1)).toBeLessThan(hour);
    expect(await page.getByLabel('As of').inputValue()).toBe(new Date(asked.at(-1)!).toISOString());
    await page.goBack();
    await eventually(() => asked.at(-1)).toBe(hour);
    await page.goBack();
    await eventually(() => slider.getAttribute('aria-valuetext')).toBe('now');
  });

  it('shows the sessions and signals behind a feature, the records that make one together, and what goes with time', async () => {
    const startMs = Date.now() - 5 * DAY_MS;
    const embedded = await embeddedService({ partitions: 2, registry: registryOf({ sets: ['core', 'activity'] }) });
    const session = { user_id: 'ana', session_id: 's1' };
    await embedded.produce('tip.served', { user_id: 'ana', tip_id: 't', served_at_ms: startMs });
    await embedded.produce(
      'app.session',
      { ...session, started_at_ms: startMs, ended_at_ms: startMs + 9_000 },
      { ...session, started_at_ms: startMs + 1_000, ended_at_ms: startMs + 5_000 },
    );
    await embedded.produce('signal.synced', { user_id: 'ana', source: 'mail', synced_at_ms: startMs });
    await embedded.catchUp();
    const partition = embedded.partitionOf('ana');
    const { page } = await show(embedded.service, '/admin/users/ana?feature=sessions_30d');
    const behind = card(page, 'Events behind sessions_30d');
    const said = `started_at_ms ${startMs}, ended_at_ms ${startMs + 5_000}`;
    const records = [0, 1].map((offset) => `app.session/${partition}/${offset}`).join('\\s*');
    await eventually(() => rowsOf(behind)).toEqual([expect.stringMatching(new RegExp(`session s1 \\| ${said} \\| ${records}$`))]);
    const features = await rowsOf(card(page, 'Profile'));
    expect(features.find((row) => row.startsWith('sessions_30d'))).toMatch(/\| 1 \| .*: 0\. The session s1 leaves the window\.$/);
    expect(features.find((row) => row.startsWith('signal_age_ms '))).toMatch(/\| 1 \| .* It changes with time itself\.$/);
  });

  it('says how far the log was searched, what it did not find, and that a state is damaged', async () => {
    let document: ProvenanceDocument = provenanceAt(NOW_MS, PROFILE.features);
    const with_ = (over: Partial<ProvenanceDocument>) => (document = { ...document, ...over });
    const events = document.events.map((event, at) => (at === 2 ? { ...event, record: null } : event));
    with_({ events, search: { ...SEARCH, state: 'reading' } });
    const { page } = await show(fakeApplication({ provenance: async () => document }), '/admin/users/ana?refresh=1');
    const behind = card(page, 'Events behind the profile');
    await eventually(() => behind.innerText()).toContain('68.93 % of 3,219 offsets looked at');
    expect((await rowsOf(behind)).at(-1)).toContain('not found in what was looked at');
    with_({ search: { ...SEARCH, state: 'exhausted' } });
    await eventually(() => behind.locator('.notice').innerText()).toContain('Some records are not in the log: ');
    with_({
      search: {
        ...SEARCH,
        state: 'failed',
        error: { code: 'log_unavailable', message: 'the log did not answer', hint: 'Look at the brokers.' },
      },
    });
    await eventually(() => behind.locator('.problem').innerText()).toContain('The values are exact all the same.');
    with_({ search: SEARCH, features: document.features.map((one) => ({ ...one, adds_up: one.name !== 'tip_volume_30d' })) });
    await eventually(() => card(page, 'Profile').locator('.notice').innerText()).toContain('the state of this user is damaged');
    expect((await rowsOf(card(page, 'Profile'))).at(-1)).toContain('does not add up 48');
  });

  it('says what was known at offsets that are typed, while they are read and then', async () => {
    const asked: unknown[] = [];
    let isRead = false;
    const known_at = { positions: { 'tip.served': 7, 'tip.feedback': 5 }, lost: [{ topic: 'tip.served', low: 3 }] };
    const { page } = await show(
      fakeApplication({
        provenance: async (_user, { knownAt } = {}) => {
          asked.push(knownAt);
          const document = provenanceAt(NOW_MS, PROFILE.features);
          if (knownAt === undefined) return document;
          if (isRead) return { ...document, known_at: { ...known_at, is_read: true } };
          return {
            ...document,
            features: [],
            events: [],
            known_at: { ...known_at, is_read: false },
            search: { ...SEARCH, state: 'reading' },
          };
        },
      }),
      '/admin/users/ana?refresh=1',
    );
    const profile = card(page, 'Profile');
    await profile.getByText('As it was known at other offsets').click();
    await profile.getByLabel('Next offset of tip.served').fill('7');
    await profile.getByLabel('Next offset of tip.feedback').fill('5');
    await profile.locator('details').getByRole('button', { name: 'Show' }).click();
    await eventually(() => asked.at(-1)).toEqual({ 'tip.served': 7, 'tip.feedback': 5 });
    await eventually(() => profile.innerText()).toContain('Looking for the records in the log: 68.93 %');
    expect(await profile.getByRole('table').count()).toBe(0);
    isRead = true;
    await eventually(() => rowsOf(profile)).toHaveLength(8);
    expect(await profile.locator('.notice').innerText()).toContain(
      'What tip.served held before offset 3 is gone from the log, and missing here.',
    );
    await profile.getByRole('button', { name: 'As it is known now' }).click();
    await eventually(() => asked.at(-1)).toBe(undefined);
  });

  it('shows 10,000 events and leads to any of them', async () => {
    const [one] = provenanceAt(NOW_MS, PROFILE.features).events;
    const events = Array.from({ length: 10_000 }, (_, at) => ({
      ...one!,
      tip_id: `tip-${at}`,
      at_ms: NOW_MS - at,
      record: { topic: 'tip.served', partition: 2, offset: at },
    }));
    const { page } = await show(
      fakeApplication({ provenance: async () => provenanceAt(NOW_MS, PROFILE.features, { events, events_omitted: 7 }) }),
      '/admin/users/ana?refresh=off',
    );
    const behind = card(page, 'Events behind the profile');
    await eventually(() => rowsOf(behind).then((rows) => rows.length)).toBeGreaterThan(5);
    expect((await rowsOf(behind)).length).toBeLessThan(200);
    expect(await behind.innerText()).toContain('7 older events are behind the profile too and are not shown.');
    await behind.getByRole('button', { name: 'Record' }).click();
    await eventually(() => rowsOf(behind).then(([first]) => first)).toContain('tip.served/2/0 |');
    await behind.locator('.scroll').evaluate((element) => element.scrollTo(0, element.scrollHeight));
    await eventually(() => rowsOf(behind).then((rows) => rows.at(-1))).toContain('tip.served/2/9999 |');
  });

  it('shows bytes that are no text, a refused record, a dead letter, and what is not there', async () => {
    const documents: Record<number, Partial<typeof RECORD>> = {
      1: { key: null, value: { bytes: 2, text: null, hex: 'ff00' } },
      2: {
        event: null,
        effect: null,
        refusal: { code: 'not_json', message: 'the value is not JSON' },
        dead_letter: { record: { topic: 'tip.served-dlt', partition: 2, offset: 5 }, looked_at: 6, of: 6 },
      },
      3: {
        event: null,
        effect: null,
        applied: null,
        applied_to: null,
        refused: {
          record: { topic: 'tip.served', partition: 2, offset: 2 },
          code: 'not_json',
          message: 'the value is not JSON',
          failed_at_ms: NOW_MS,
          redrive_count: 1,
        },
      },
      4: { applied: false, effect: null },
      5: { refusal: { code: 'not_json', message: 'no' }, effect: null, dead_letter: { record: null, looked_at: 20_000, of: 30_000 } },
    };
    const application = fakeApplication();
    const { page, address } = await show(
      { ...application, record: async (asked) => ({ ...(await application.record(asked)), ...documents[asked.offset] }) },
      '/admin/events',
    );
    await page.getByLabel('Topic').fill('tip.served');
    await page.getByLabel('Partition').fill('2');
    await page.getByLabel('Offset').fill('1');
    await page.getByRole('button', { name: 'Show' }).click();
    await eventually(() => card(page, 'Value').locator('pre').innerText()).toBe('ff00');
    expect(await card(page, 'Value').innerText()).toContain('These bytes are not UTF-8.');
    expect(await rowsOf(card(page, 'Headers'))).toEqual(['trace | ff00 in hexadecimal', 'empty | no value']);
    const next = async () => page.getByRole('link', { name: 'Next record' }).click();
    await next();
    await eventually(() => card(page, 'What it did').innerText()).toContain(
      'It is refused: the value is not JSON not_json\n\nIts dead letter is tip.served-dlt/2/5.',
    );
    await next();
    await eventually(() => card(page, 'What it did').innerText()).toContain('It is the dead letter of tip.served/2/2.');
    expect(await card(page, 'What it did').innerText()).toContain('Put back 1 times before.');
    await next();
    await eventually(() => card(page, 'What it did').innerText()).toContain('Nothing yet: it is not applied.');
    await next();
    await eventually(() => card(page, 'What it did').innerText()).toContain('No dead letter of it is among the newest 20,000 of 30,000.');
    await page.goto(`${address}/admin/events/tip.served/2/99999`);
    await eventually(() => page.locator('.problem').innerText()).toContain('It holds the offsets 0 to 1841.');
    await page.goto(`${address}/admin/events/nothing/2/1`);
    await eventually(() => page.locator('.problem').innerText()).toContain('nothing is not a topic of this service.');
  });

  it('lists decisions page after page, and shows data quality', async () => {
    const asked: unknown[] = [];
    const application = fakeApplication();
    const { page, address } = await show(
      {
        ...application,
        decisions: async (userId, question) => {
          asked.push(question.after);
          const document = await application.decisions(userId, question);
          return { ...document, next_after: question.after === undefined ? 'd-9308' : null };
        },
        decision: async () => ({ ...DECISION, shadow: null, reward: null, served: null, rewardable_until_ms: null }),
      },
      '/admin/users/ana?refresh=off',
    );
    const decisions = card(page, 'Decisions');
    await eventually(() => rowsOf(decisions)).toHaveLength(3);
    expect((await rowsOf(decisions))[2]).toMatch(
      / \| d-9308 \| egreedy-v1 \| tip-7 \| none \| best \| 2 \| none yet \| tip\.scored\/2\/75$/,
    );
    await decisions.getByRole('button', { name: 'Older' }).click();
    await eventually(() => asked.at(-1)).toBe('d-9308');
    await eventually(() => decisions.getByRole('button', { name: 'Older' }).isDisabled()).toBe(true);
    await decisions.getByRole('link', { name: 'd-9310' }).click();
    await eventually(() => card(page, 'Shadow').innerText()).toContain('No shadow has scored this request.');
    expect(await card(page, 'Request and reward').innerText()).toContain('none of its candidates so far');
    await page.goto(`${address}/admin/data-quality`);
    await eventually(() => card(page, 'Refused records and retention').innerText()).toContain(
      '12 of 128,418 records of producers were refused (0.01 %)',
    );
    const lateness = card(page, 'Lateness');
    await eventually(() => rowsOf(lateness).then((rows) => rows.map((row) => row.split(' | ').slice(0, 9).join(' | ')))).toEqual([
      'tip.served | 500 | 0 | 40 ms | 1.2 s | 1.02 min | tip.served/2/1841 | 1 | 1',
      'tip.feedback | in part 300 | 120 | 900 ms | 4.8 h | 5 h | tip.feedback/2/1377 | 0 | 0',
      'tip.candidates | 0 | – | – | – | – | none | 0 | 0',
    ]);
    expect(await lateness.innerText()).toContain('Not read in time: tip.feedback at 125 offsets.');
    const alerts = card(page, 'Alerts');
    expect(await alerts.innerText()).toMatch(/1 alert, of the 4 partitions held here, as of /);
    expect(await alerts.innerText()).toContain('completion_rate_30d has moved from its baseline: PSI 0.4 (limit 0.2)');
    expect(await alerts.innerText()).toContain('skew: 12 decisions could not be compared.');
    const features = card(page, 'Features');
    const drawn = features.getByRole('img', { name: /^completion_rate_30d of 1,000 users, 2 % without a value\./ });
    expect(await drawn.locator('rect').count()).toBe(3);
    expect(await drawn.locator('line.before').count()).toBe(3);
    await features.getByText('The bins of completion_rate_30d').click();
    const bins = features.getByRole('region', { name: 'Bins of completion_rate_30d' });
    await eventually(() => bins.locator('tbody tr').first().innerText()).toMatch(/^0 to 0\.5\s+70 %\s+40 %$/);
    const [inputs] = await rowsOf(card(page, 'Inputs'));
    expect(inputs).toMatch(/^tip\.feedback \| 2,000 \| 2 \| 1 \| 4 \| 2 \| – \| 1,200 \| 1,150 \| /);
    expect(await card(page, 'Inputs').innerText()).toMatch(/phone-app\s+tip\.feedback\s+2,000\s+900 ms\s+-1\.17 min/);
    expect(await card(page, 'Skew').innerText()).toContain('0 of 9,000 decisions were made with another profile');
    const history = card(page, 'History');
    expect(await history.getByRole('img').count()).toBe(0); // nothing is computed before somebody asks
    await history.getByRole('button', { name: 'By day' }).click();
    const past = history.getByRole('img', { name: /^completion_rate_30d before .*, of 1,000 users: 2 % without a value, PSI 0\.4$/ });
    await eventually(() => past.count()).toBe(1);
    await history.getByText('The numbers of completion_rate_30d').click();
    const [first, second] = await rowsOf(history.getByRole('region', { name: 'History of completion_rate_30d' }));
    expect(first).toMatch(/ \| pruned \| – \| – \| – \| 40 \| 2 % \| 0\.25 \| 0\.4$/);
    expect(second).toMatch(/ \| 1,000 \| 2 % \| 0\.25 \| 0\.4 \| 41 \| /);
    expect(await history.innerText()).toContain('3 decisions made with other definitions are in none of them.');
    expect(await scrollsSideways(page)).toBe(false);
  });

  it.each(['/admin/users/ana/decisions/d-9310', '/admin/events/tip.served/2/1841', '/admin/events', '/admin/data-quality'])(
    'fits a phone: %s',
    async (at) => {
      const { page } = await show(fakeApplication(), at, { viewport: { width: 390, height: 800 } });
      await page.locator('.card').first().waitFor();
      expect(await scrollsSideways(page)).toBe(false);
    },
  );
});
