/** /admin/policies in a real Chromium. */
import { describe, expect, it } from 'vitest';
import { TipstreamError } from '../../src/errors.js';
import type { PromptsDocument } from '../../src/service/application.js';
import { chromiumOrSkip } from '../support/chromium.js';
import { card, consolePages, eventually, rowsOf, scrollsSideways } from '../support/console-page.js';
import { PROMPTS, fakeApplication } from '../support/fake-application.js';

const path = chromiumOrSkip('the page of policies');
const AT = '/admin/policies?refresh=1';

describe.skipIf(path === undefined)('the page of policies', () => {
  const { show } = consolePages(path);

  it('shows who is live, what each prompt version has earned, the guardrail and the history', async () => {
    const { page } = await show(fakeApplication(), AT);
    await eventually(() => rowsOf(card(page, 'Who is live'))).toEqual([
      'egreedy-v1 | 100 % |  | 1,234 | 400 | 50 % (40 % to 60 %) | lambda 1',
    ]);
    const prompts = card(page, 'Prompt versions');
    await eventually(() => rowsOf(prompts)).toEqual([
      'v1 | 5,210 | 2,604 | 42.01 % (39.12 % to 44.9 %) | 21 % (19.36 % to 22.64 %) | the reference | the reference',
      'v2 | 5,187 | 2,611 | 52.03 % (49.1 % to 54.96 %) | 26.19 % (24.43 % to 27.95 %) | +10.02 points (+3.25 to +16.79) surely more | ' +
        '+5.19 points (-0.01 to +10.39)',
      '(none) | 4 | 0 | none yet | 0 % (0 % to 100 %) |  | ',
    ]);
    expect((await rowsOf(card(page, 'History'))).map((row) => row.split(' | ').slice(1).join(' | '))).toEqual([
      'undo migrate | egreedy-v2 |  | ',
      'migrate | egreedy-v2 from egreedy-v1, trained |  | ',
      'promote | egreedy-v1 | 100 | because <i>',
    ]);
    expect(await prompts.getByRole('columnheader').allInnerTexts()).toContain('Mean less v1');
    const note = await prompts.locator('p.hint').innerText();
    expect(note).toMatch(/^Counted at .*\d\d:\d\d:\d\d, and again at most once a second: less often the longer it takes\. The intervals/);
    expect(note).toMatch(/ longer it takes\. The intervals hold with 95 %.* only where chance chose the version\.$/);
    expect(await card(page, 'Who is live').locator('p.hint').innerText()).toMatch(
      /^Decisions and rewards were counted at .*\d\d:\d\d:\d\d/,
    );
    const guardrail = await card(page, 'Guardrail').innerText();
    expect(guardrail).toContain('0.310 in 400 decisions of 120 users');
    expect(guardrail).toContain('0.400 in 210 decisions of 60 users');
    expect(guardrail).toContain('-9 points (-20 to +2)');
    expect(guardrail).toContain('known within 10 min of the request');
    expect(guardrail).toMatch(/egreedy-v1 was promoted at 2026-01-31 19:04:05 without evidence: because <i>\./);
  });

  it('compares with another version, chosen by keyboard, and keeps to it', async () => {
    const asked: (string | undefined)[] = [];
    const { page } = await show(
      fakeApplication({
        prompts: async (against) => {
          asked.push(against);
          if (against !== 'v2') return PROMPTS;
          const less = { reward: { mean: -0.1, low: -0.17, high: -0.03 }, missing_as_zero: { mean: -0.05, low: -0.1, high: 0 } };
          return {
            ...PROMPTS,
            against,
            prompts: PROMPTS.prompts.map((one) => ({ ...one, difference: one.prompt_version === 'v1' ? less : null })),
          };
        },
      }),
      AT,
    );
    const prompts = card(page, 'Prompt versions');
    const choice = prompts.getByLabel('Compared with');
    await choice.waitFor();
    for (let i = 0; i < 30 && !(await choice.evaluate((element) => element.matches(':focus'))); i++) await page.keyboard.press('Tab');
    await page.keyboard.press('ArrowDown');
    await eventually(() => prompts.getByRole('columnheader').allInnerTexts()).toContain('Mean less v2');
    const rows = await rowsOf(prompts);
    expect(rows[0]).toContain('-10 points (-17 to -3) surely less | -5 points (-10 to 0)');
    expect(rows[1]).toContain('| the reference | the reference');
    const before = asked.length;
    await eventually(() => asked.length).toBeGreaterThan(before + 1);
    expect(asked.at(-1)).toBe('v2');
    expect(await choice.evaluate((element) => element.matches(':focus'))).toBe(true);
    expect(await choice.inputValue()).toBe('v2');
    expect(new URL(page.url()).searchParams.get('against')).toBe('v2');
  });

  it('says what to do where there is nothing to compare', async () => {
    let document: PromptsDocument = { against: null, alpha: 0.05, prompts: [], counted_at_ms: PROMPTS.counted_at_ms };
    const { page } = await show(fakeApplication({ prompts: async () => document }), AT);
    const prompts = card(page, 'Prompt versions');
    await eventually(() => rowsOf(prompts).then((rows) => rows.join())).toContain(
      'Put the decision_id and the prompt_version that POST /generate answers into tip.served',
    );
    expect(await prompts.locator('p.hint').innerText()).not.toContain('No serving names a version');
    expect(await prompts.getByLabel('Compared with').count()).toBe(0);
    document = { ...document, prompts: PROMPTS.prompts.slice(2) };
    await eventually(() => prompts.innerText()).toContain('No serving names a version: put');
    document = { ...document, against: 'v1', prompts: PROMPTS.prompts.slice(0, 1) };
    await eventually(() => prompts.innerText()).toContain('with several in --tip-prompt-version');
    expect(await prompts.getByLabel('Compared with').count()).toBe(0);
  });

  it('shows names as text, never as markup, and can ask about odd ones', async () => {
    const evil = '<img src=x onerror="document.title=\'owned\'">';
    const names = [evil, '', 'ü&against=v1#?', '"\'', '🦊', '\ud800', '__proto__'];
    const asked: (string | undefined)[] = [];
    const { page } = await show(
      fakeApplication({
        prompts: async (against) => {
          asked.push(against);
          return {
            ...PROMPTS,
            against: against ?? evil,
            prompts: names.map((prompt_version) => ({ ...PROMPTS.prompts[0]!, prompt_version })),
          };
        },
      }),
      AT,
    );
    const prompts = card(page, 'Prompt versions');
    await eventually(() => prompts.getByRole('rowheader').allInnerTexts()).toEqual([
      evil,
      '(empty)',
      'ü&against=v1#?',
      '"\'',
      '🦊',
      '\ud800',
      '__proto__',
    ]);
    expect(await page.locator('main img').count()).toBe(0);
    const choice = prompts.getByLabel('Compared with');
    // What cannot be in an address cannot be chosen.
    expect(await choice.locator('option').count()).toBe(names.length - 1);
    for (const name of ['', 'ü&against=v1#?', '"\'', '🦊', '__proto__']) {
      await choice.selectOption({ value: name });
      await eventually(() => asked.at(-1)).toBe(name);
    }
    expect(await page.title()).toBe('Policies · tipstream');
  });

  it('waits while decisions are counted, says what went wrong, and goes on by itself', async () => {
    let fail: TipstreamError | undefined = new TipstreamError('not_ready', 'the decisions are still being counted', {
      hint: 'Ask again in a moment.',
    });
    const { page } = await show(
      fakeApplication({
        prompts: async () => {
          if (fail !== undefined) throw fail;
          return PROMPTS;
        },
      }),
      AT,
    );
    const prompts = card(page, 'Prompt versions');
    await eventually(() => prompts.locator('p.hint').innerText()).toBe('the decisions are still being counted. Ask again in a moment.');
    expect(await prompts.locator('.problem').count()).toBe(0);
    fail = new TipstreamError('state_corrupt', 'the state file is <b>damaged</b>', { hint: 'Run tipstream rebuild.' });
    await eventually(() => prompts.innerText()).toContain('the state file is <b>damaged</b>. state_corrupt\n\nRun tipstream rebuild.');
    expect(await rowsOf(card(page, 'Who is live'))).toHaveLength(1);
    fail = undefined;
    await eventually(() => rowsOf(prompts)).toHaveLength(3);
    expect(await prompts.locator('.problem').count()).toBe(0);
  });

  it('goes back to the first reference when the chosen one is gone', async () => {
    let gone = false;
    const { page } = await show(
      fakeApplication({
        prompts: async (against) => {
          if (gone && against !== undefined) throw new TipstreamError('prompt_not_found', 'no decision was served with it');
          return { ...PROMPTS, against: against ?? 'v1' };
        },
      }),
      AT,
    );
    const prompts = card(page, 'Prompt versions');
    await prompts.getByLabel('Compared with').selectOption('v2');
    await eventually(() => prompts.getByRole('columnheader').allInnerTexts()).toContain('Mean less v2');
    gone = true;
    await eventually(() => prompts.getByRole('columnheader').allInnerTexts()).toContain('Mean less v1');
    expect(await prompts.getByLabel('Compared with').inputValue()).toBe('v1');
    expect(await prompts.locator('.problem').count()).toBe(0);
    expect(new URL(page.url()).search).toBe('?refresh=1');
  });

  it('renders model cards without any markup of theirs, and has commands to copy', async () => {
    const text = [
      '# egreedy <b>bold</b>',
      '<!-- made by hand -->',
      '<script>document.title = "owned"</script>',
      '| a | b |\n| --- | --- |\n| `x` | 1 &lt; 2 |',
      '- one\n- **two** [home](https://example.org/) [here](../policies.md) [evil](javascript:alert(1))',
    ].join('\n\n');
    const document = await fakeApplication().policies();
    const { page } = await show(
      fakeApplication({ policies: async () => ({ ...document, policies: document.policies.map((one) => ({ ...one, card: text })) }) }),
      AT,
      { permissions: ['clipboard-read', 'clipboard-write'] },
    );
    const cards = card(page, 'Model cards');
    await cards.getByText('egreedy-v1').click();
    await cards.getByRole('heading', { level: 3, name: 'egreedy <b>bold</b>' }).waitFor();
    expect(await rowsOf(cards)).toEqual(['x | 1 < 2']);
    expect(await cards.locator('.markdown').innerText()).toContain('<script>document.title = "owned"</script>');
    expect(await cards.locator('.markdown').innerText()).not.toContain('made by hand');
    expect(await cards.locator('a').evaluateAll((links) => links.map((link) => link.getAttribute('href')))).toEqual([
      'https://example.org/',
    ]);
    expect(await page.title()).toBe('Policies · tipstream');
    expect(new URL(page.url()).searchParams.get('card')).toBe('egreedy-v1');
    await card(page, 'Commands').getByRole('button', { name: 'Copy: npx tipstream rollback' }).click();
    await eventually(() => page.evaluate<string>('navigator.clipboard.readText()')).toBe('npx tipstream rollback');
  });

  it('fits a phone: nothing scrolls sideways but tables', async () => {
    const { page } = await show(
      fakeApplication({
        prompts: async () => ({
          ...PROMPTS,
          prompts: PROMPTS.prompts.map((one) => ({
            ...one,
            prompt_version: one.prompt_version && one.prompt_version + '-long'.repeat(20),
          })),
          against: `v1${'-long'.repeat(20)}`,
        }),
      }),
      AT,
      { viewport: { width: 390, height: 800 } },
    );
    await eventually(() => rowsOf(card(page, 'Prompt versions'))).toHaveLength(3);
    expect(await scrollsSideways(page)).toBe(false);
  });
});
