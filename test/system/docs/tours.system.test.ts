/**
 * Follows the pages as a newcomer would: their commands, in order, in one directory. What the tours print is compared, and every
 * other command ends with the code that its page says.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { completion, StubGateway } from '../../support/stub-gateway.js';
import { DocsShell } from './docs-shell.js';
import { shellBlocks } from './markdown.js';
import { followTours } from './tours.js';

const TOURS = [
  ['README.md', 'Five-minute tour'],
  ['docs/analysts.md', 'Replay'],
] as const;

/** On what the tours have left, with the codes where the data are too few for what the page shows. */
const FOLLOWED: readonly (readonly [page: string, heading: string, codes?: readonly number[]])[] = [
  // Nothing runs.
  ['docs/operating.md', 'Is all well?', [2]],
  ['docs/operating.md', 'Running'],
  ['docs/operating.md', 'Who did what'],
  ['docs/operating.md', 'A rehearsal'],
  // The tour's events are of other days than today: their sources are silent.
  ['docs/quality.md', 'Data quality', [0, 2, 0, 0]],
  ['README.md', 'Trying another policy'],
  ['docs/analysts.md', 'Back to a position'],
  ['docs/analysts.md', 'Prove'],
  ['docs/analysts.md', 'A changed definition'],
  ['docs/analysts.md', 'Travel in time'],
  ['docs/analysts.md', 'Export'],
  ['docs/analysts.md', 'A grid of times'],
  ['docs/analysts.md', 'A spine'],
  ['docs/analysts.md', 'By what each row knew'],
  ['docs/analysts.md', 'SQL'],
  ['docs/analysts.md', 'Snapshot'],
  ['docs/analysts.md', 'Training sets without leakage'],
  ['docs/policies.md', 'simulate'],
  ['docs/policies.md', 'rehearse'],
  ['docs/policies.md', 'evaluate', [2, 0, 0]],
  // UNEVALUABLE, so the promote is refused and there is nothing to take back.
  ['docs/policies.md', 'Who is live', [0, 0, 2, 2, 1, 0]],
  // The rollout of the tour was taken back.
  ['docs/policies.md', 'The verdict on a rollout', [2, 2, 2]],
  ['docs/policies.md', 'Migration'],
  ['docs/policies.md', 'Model cards'],
  ['docs/contracts.md', 'Contracts'],
  ['docs/contracts.md', 'Compatibility'],
];

const terminal = new DocsShell();
afterAll(() => terminal.dispose());

followTours(TOURS, terminal);

describe('on what the tours have left', () => {
  it('README.md, The running service', async () => {
    const [commands] = shellBlocks('README.md', 'The running service');
    const { exitCode } = await terminal.serve('npx tipstream start', async (address) => {
      const asked = await terminal.run(commands!.text.replace('http://127.0.0.1:8080', address).replace('curl ', 'curl -s '));
      expect(JSON.parse(asked.printed)).toMatchObject({ user_id: 'ana', features: { tip_volume_30d: 6 } });
    });
    expect(exitCode).toBe(0);
  });

  it.each(FOLLOWED.map(([page, heading, codes = []]) => [page, heading, codes] as const))('%s, %s', async (page, heading, codes) => {
    for (const block of shellBlocks(page, heading)) await terminal.follow(block, { codes });
  });
});

// With the data of other tours beside it, three bytes could be somewhere by chance.
it('docs/operating.md, Forget a user, and the check of its receipt, on the tour alone', async () => {
  const auditor = new DocsShell();
  try {
    await auditor.run('npx tipstream produce examples/tour.ndjson && npx tipstream start --until-caught-up --no-http --log-level error');
    for (const block of [...shellBlocks('docs/operating.md', 'Forget a user'), ...shellBlocks('docs/operating.md', 'Checking a receipt')])
      await auditor.follow(block);
    const [sealed] = shellBlocks('docs/operating.md', 'Checking a receipt');
    expect((await auditor.run(sealed!.text)).printed).toContain('the receipt is as it was written');
  } finally {
    auditor.dispose();
  }
});

describe('docs/policies.md, Prompts', () => {
  let gateway: StubGateway;
  beforeAll(async () => {
    gateway = await StubGateway.open();
  });
  afterAll(() => gateway.close());

  it('a text is written by the gateway, and the versions are counted', async () => {
    const [commands] = shellBlocks('docs/policies.md', 'Prompts');
    const lines = commands!.text.split('\n');
    const [start, report] = [lines[0]!.replace('https://gateway.example/v1', gateway.url), lines.at(-1)!];
    const ask = lines.slice(1, -1).join('\n');
    gateway.answer(completion('Pay it now.'));
    await terminal.serve(start, async (address) => {
      const { printed } = await terminal.run(ask.replace('localhost:8080', address).replace('curl ', 'curl -s '));
      expect(JSON.parse(printed)).toMatchObject({ text: 'Pay it now.', decision_id: 'd1', tip_id: 't1' });
    });
    expect(gateway.calls[0]?.headers.authorization).toBe('Bearer ...');
    expect(await terminal.run(report)).toMatchObject({ exitCode: 0, printed: expect.stringContaining('PROMPT') as string });
  });
});
