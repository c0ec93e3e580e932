import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { settlePreviousRequest } from '../../src/rebuild/previous-request.js';
import { lockData } from '../../src/store/directory/data-lock.js';
import { answerSwap, claimSwap, isSwapClaimed, requestSwap, swapRequest } from '../../src/store/directory/swap-request.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tipstream-request-'));
  mkdirSync(join(directory, 'state'));
  writeFileSync(join(directory, 'state', 'CURRENT'), 'gen-000001\n');
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const request = { id: 'r1', generation: 'gen-000002', feature_set: 'x', pid: 1, requested_at_ms: 0 };
const tools = { clock: Date.now, signal: new AbortController().signal };

it('takes back what the owner has not begun', async () => {
  const lock = lockData(directory, 0);
  requestSwap(directory, request);
  await settlePreviousRequest(directory, 1_000, tools);
  expect(swapRequest(directory)).toBeUndefined();
  lock.release();
});

it('waits for what the owner is carrying out', async () => {
  const lock = lockData(directory, 0);
  requestSwap(directory, request);
  expect(claimSwap(directory, 'r1')).toBe(true);
  let settled = false;
  const waiting = settlePreviousRequest(directory, 60_000, tools).then(() => (settled = true));
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(settled).toBe(false);
  answerSwap(directory, { id: 'r1', ok: true, positions: {} });
  await waiting;
  expect(isSwapClaimed(directory)).toBe(false);
  lock.release();
});

it('does not wait for an owner that died over it, nor for ever', async () => {
  requestSwap(directory, request);
  claimSwap(directory, 'r1');
  await settlePreviousRequest(directory, 60_000, tools);
  expect(isSwapClaimed(directory)).toBe(false);
  requestSwap(directory, request);
  claimSwap(directory, 'r1');
  const lock = lockData(directory, 0);
  await expect(settlePreviousRequest(directory, 100, tools)).rejects.toMatchObject({ code: 'timeout' });
  lock.release();
});
