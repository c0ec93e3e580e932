/** `demo --fresh` deleted the log and state of whatever directory --data named; without --fresh it wrote simulated events there. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { demoCommand } from '../../src/cli/commands/demo.js';
import { deleteDemo, pastWasInterrupted, simulatingPast } from '../../src/cli/demo-data.js';
import { runCommand } from '../support/cli-in-process.js';

let directory: string;
const has = (name: string) => existsSync(join(directory, name));

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tipstream-demo-'));
  writeFileSync(join(directory, 'log.db'), 'events');
  mkdirSync(join(directory, 'state'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

it.each([
  [['--fresh'], 'is not deleted'],
  [[], 'gets no simulated events'],
])('a log that no demo began is left alone: %j', async (flags, isNotDone) => {
  const { code, stderr } = await runCommand([demoCommand], ['demo', ...flags, '--exit', '--no-http', '--data', directory]);
  expect([code, stderr]).toEqual([64, expect.stringContaining(`was not begun by a demo, and ${isNotDone}`)]);
  expect([has('log.db'), has('state')]).toEqual([true, true]);
});

it.each([true, false])('that of a demo is deleted, its past complete or not: %s', async (complete) => {
  await simulatingPast(directory, () => Promise.resolve({ complete }));
  expect(pastWasInterrupted(directory)).toBe(!complete);
  deleteDemo(directory);
  expect([has('log.db'), has('state'), has('demo-complete'), has('demo-unfinished')]).toEqual([false, false, false, false]);
  deleteDemo(directory);
});
