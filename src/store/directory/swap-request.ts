/**
 * How `rebuild` asks the process that owns the data directory to switch to a finished generation, and how that answers. Files in
 * DATA/state, each written whole or not at all:
 *
 * SWAP.json        the request. Who asked may withdraw it, by removing it; the owner claims it, by renaming it, right before CURRENT
 * changes:
 *                      one of the two succeeds, so that a withdrawn request is never carried out
 *     SWAP-CLAIMED.json  a request that is past withdrawing
 *     SWAP-DONE.json   the owner's answer
 */
import { existsSync, readFileSync, renameSync, rmSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { ErrorCode } from '../../errors.js';
import { stateDirectory } from './layout.js';
import type { Positions } from '../positions.js';
import { writeWhole } from './write-whole.js';

export interface SwapRequest {
  /** Unique to this request. */
  readonly id: string;
  /** The folder's name. */
  readonly generation: string;
  readonly feature_set: string;
  /** Of the process that asks. */
  readonly pid: number;
  readonly requested_at_ms: number;
}

export interface SwapAnswer {
  /** Of the request. */
  readonly id: string;
  readonly ok: boolean;
  /** Why not. */
  readonly error?: { readonly code: ErrorCode; readonly message: string; readonly hint?: string };
  /** Where the new generation stood when it became the live one; empty when it did not. */
  readonly positions: Positions;
}

const requestFile = (dataDirectory: string) => join(stateDirectory(dataDirectory), 'SWAP.json');
const claimedFile = (dataDirectory: string) => join(stateDirectory(dataDirectory), 'SWAP-CLAIMED.json');
const answerFile = (dataDirectory: string) => join(stateDirectory(dataDirectory), 'SWAP-DONE.json');

/** Replaces whatever was asked before, and forgets what was answered to it. */
export function requestSwap(dataDirectory: string, request: SwapRequest): void {
  rmSync(answerFile(dataDirectory), { force: true });
  rmSync(claimedFile(dataDirectory), { force: true });
  writeWhole(requestFile(dataDirectory), `${JSON.stringify(request)}\n`);
}

/** undefined: nothing is asked for. */
export function swapRequest(dataDirectory: string): SwapRequest | undefined {
  return readJson<SwapRequest>(requestFile(dataDirectory));
}

/** For who asked. false: the owner has claimed it, and will answer. */
export function withdrawSwap(dataDirectory: string): boolean {
  try {
    unlinkSync(requestFile(dataDirectory));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return false;
  }
}

/** For the owner, right before CURRENT changes. false: it has been withdrawn, or another was made in its place. */
export function claimSwap(dataDirectory: string, id: string): boolean {
  if (swapRequest(dataDirectory)?.id !== id) return false;
  try {
    renameSync(requestFile(dataDirectory), claimedFile(dataDirectory));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return false;
  }
}

/** For the owner: the request is done with, one way or the other. */
export function answerSwap(dataDirectory: string, answer: SwapAnswer): void {
  writeWhole(answerFile(dataDirectory), `${JSON.stringify(answer)}\n`);
  if (swapRequest(dataDirectory)?.id === answer.id) rmSync(requestFile(dataDirectory), { force: true });
  rmSync(claimedFile(dataDirectory), { force: true });
}

/** Whether the owner is past the point at which a request can be withdrawn, and has not answered; or died there. */
export function isSwapClaimed(dataDirectory: string): boolean {
  return existsSync(claimedFile(dataDirectory));
}

/** undefined: not answered yet. */
export function swapAnswer(dataDirectory: string, id: string): SwapAnswer | undefined {
  const answer = readJson<SwapAnswer>(answerFile(dataDirectory));
  return answer?.id === id ? answer : undefined;
}

/** For who asked, once the answer is read. */
export function forgetSwap(dataDirectory: string): void {
  for (const file of [requestFile, claimedFile, answerFile]) rmSync(file(dataDirectory), { force: true });
}

function readJson<T>(path: string): T | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T;
  } catch {
    return undefined; // absent, or none of ours
  }
}
