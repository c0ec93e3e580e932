/** `dead-letters redrive` from its arguments to its exit code. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.js';
import { runCommand } from '../support/cli-in-process.js';
import { until } from '../support/cli-process.js';
import { lockRedrive } from '../../src/store/directory/redrive-lock.js';
import { embeddedService } from '../support/embedded/directory.js';
import type { EmbeddedService } from '../support/embedded/service.js';

async function refused(count: number): Promise<EmbeddedService> {
  const embedded = await embeddedService({ partitions: 1 });
  await embedded.append(
    ...Array.from({ length: count }, (_, at) => ({ topic: 'tip.served', key: Buffer.from(`u${at}`), value: Buffer.from('{') })),
  );
  await embedded.catchUp();
  return embedded;
}

const redrive = (embedded: EmbeddedService, args: readonly string[], signal = new AbortController().signal) =>
  runCommand(COMMANDS, ['dead-letters', 'redrive', '--data', embedded.directory, ...args], { signal });

it('shows, corrects, sends, and says what it left out', async () => {
  const embedded = await refused(2);
  const file = join(embedded.directory, 'fixed.json');
  writeFileSync(file, `{"tip_id": "t", "user_id": "u0", "served_at_ms": ${Date.now() - 1_000}}`);
  const edit = ['tip.served-dlt/0/0', '--edit', file];
  const dry = await redrive(embedded, [...edit, '--dry-run']);
  expect(dry.stdout).toMatch(
    /^DEAD LETTER +WOULD GO TO +CODE +WOULD BE\ntip\.served-dlt\/0\/0 +tip\.served\/0 +not_json +accepted\nUSER +FEATURE +NOW +THEN\n/,
  );
  expect(dry.stdout).toMatch(/^u0 +tip_volume_30d +- +1$/m);
  expect(dry.stderr).toContain('1 would be redriven, of which 0 would be refused again; nothing was sent\n');
  const sent = await redrive(embedded, edit);
  expect(sent).toMatchObject({ code: 0, stderr: '1 redriven\n' });
  expect(sent.stdout).toMatch(/^DEAD LETTER +IS NOW +CODE +REDRIVES\ntip\.served-dlt\/0\/0 +tip\.served\/0\/2 +not_json +1\n$/);
  await embedded.catchUp();
  expect((await embedded.service.profile('u0')).features.tip_volume_30d).toBe(1);
  const rest = JSON.parse((await redrive(embedded, ['--json'])).stdout) as object;
  expect(rest).toMatchObject({ redriven: 1, skipped: { redriven: 1 }, records: [{ dead_letter: 'tip.served-dlt/0/1' }] });
  await embedded.catchUp();
  expect((await redrive(embedded, [])).stderr).toMatch(
    /^0 redriven\nleft out: 2 redriven before\nleft out: 1 redriven before and refused again; --again/,
  );
});

it('ends with 130 at Ctrl-C, says what was sent, and goes on', async () => {
  const embedded = await refused(30);
  const stop = new AbortController();
  const running = redrive(embedded, ['--rate', '30', '--json'], stop.signal);
  await until('a record to be sent', async () => (await embedded.records('tip.served')).length > 30);
  stop.abort('SIGINT');
  const { code, stdout } = await running;
  const { redriven, stopped } = JSON.parse(stdout) as { redriven: number; stopped: boolean };
  expect({ code, stopped }).toEqual({ code: 130, stopped: true });
  expect(redriven).toBeLessThan(30);
  expect(JSON.parse((await redrive(embedded, ['--json'])).stdout)).toMatchObject({ redriven: 30 - redriven, stopped: false });
});

it('refuses an address with filters, and a second one at the same time', async () => {
  const embedded = await refused(1);
  expect(await redrive(embedded, ['tip.served-dlt/0/0', '--code', 'not_json'])).toMatchObject({ code: 64 });
  expect(await redrive(embedded, ['tip.served/0/0'])).toMatchObject({ code: 64, stderr: expect.stringContaining('no') as string });
  const lock = lockRedrive(embedded.directory)!;
  expect(await redrive(embedded, [])).toMatchObject({ code: 1, stderr: expect.stringContaining('[data_in_use]') as string });
  expect(await redrive(embedded, ['--dry-run'])).toMatchObject({ code: 0 });
  lock.release();
});
