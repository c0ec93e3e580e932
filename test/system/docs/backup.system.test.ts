/** The pages on backup and restore, followed beside a running service, and after a disaster. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DocsShell } from './docs-shell.js';
import { shellBlocks } from './markdown.js';

const DIGEST = 'npx tipstream digest --as-of 2026-11-20 --json | jq -r .digest';
const CATCH_UP = 'npx tipstream start --until-caught-up --no-http --log-level error';
const terminal = new DocsShell();
afterAll(() => terminal.dispose());

async function ok(script: string): Promise<string> {
  const { printed, exitCode } = await terminal.run(script);
  expect(exitCode, `${script}\n${printed}`).toBe(0);
  return printed.trim();
}

let atBackup: string;
let afterwards: string;
beforeAll(async () => {
  await ok(`npx tipstream produce examples/tour.ndjson && ${CATCH_UP}`);
  atBackup = await ok(DIGEST);
});

it('Taking a backup: beside a running service, and what it folds meanwhile is not in it', async () => {
  await terminal.serve('npx tipstream start', async () => {
    const [take] = shellBlocks('docs/operating.md', 'Taking a backup');
    await terminal.follow(take!);
    await ok('npx tipstream produce examples/tour-evening.ndjson');
    await expect
      .poll(() => ok('npx tipstream tail tip.scored --from-beginning --until-end --raw'), { timeout: 30_000 })
      .toContain('ana-d2');
  });
  afterwards = await ok(DIGEST);
  expect(afterwards).not.toBe(atBackup);
  const [, prove] = shellBlocks('docs/operating.md', 'Taking a backup');
  await terminal.follow(prove!);
  expect(await ok('find backup -type f -not -perm 0600')).toBe('');
});

it('Restoring: what was in the backup, and all of it once the rest is sent again', async () => {
  const [restore] = shellBlocks('docs/operating.md', 'Restoring');
  await terminal.follow(restore!);
  expect(await ok(DIGEST)).toBe(atBackup);
  await ok(`npx tipstream produce examples/tour-evening.ndjson && ${CATCH_UP} && npx tipstream verify`);
  expect(await ok(DIGEST)).toBe(afterwards);
});

const feedback = (tip: string) =>
  `echo '{"tip_id": "${tip}", "user_id": "mei", "action": "done", "reacted_at_ms": 1795000000000}' |
  npx tipstream produce --topic tip.feedback`;

it.each([
  ['its end is before the position', 'true', 'offset_out_of_range', []],
  ['as much has been appended since', feedback('another'), 'log_changed', [{ tip_id: 'another' }]],
])('When the log is older than the state: %s', async (_, meanwhile, code, appended) => {
  await ok(`rm -rf data && cp -rp backup data && ${feedback('lost')} && ${CATCH_UP}`);
  await ok(`rm data/log.db && cp -p backup/log.db data/ && ${meanwhile}`);
  const stopped = await terminal.run(CATCH_UP);
  expect(stopped).toMatchObject({ exitCode: 1, printed: expect.stringContaining(`[${code}]`) as string });

  const [goOn] = shellBlocks('docs/operating.md', 'When the log is older than the state');
  await terminal.follow(goOn!);
  const sinceTheBackup = `npx tipstream sql --json "SELECT tip_id FROM tips WHERE user_id = 'mei' AND tip_id IN ('lost', 'another')"`;
  expect(JSON.parse(await ok(sinceTheBackup))).toEqual(appended);
});
