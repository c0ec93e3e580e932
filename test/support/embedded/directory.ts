/** Embedded services for single tests: each in a directory of its own, stopped and removed after the test. */
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { EmbeddedService, type EmbeddedOptions } from './service.js';

/** In memory where there is such a file system: crashes are those of a process, and waiting for a disk proves nothing. */
const PARENT = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

export function newDirectory(): string {
  return mkdtempSync(join(PARENT, 'tipstream-embedded-'));
}

export async function embeddedService(options: EmbeddedOptions = {}): Promise<EmbeddedService> {
  const embedded = await EmbeddedService.open(newDirectory(), options);
  onTestFinished(() => embedded.close());
  return embedded;
}

/** For properties, which make many within one test. */
export async function withEmbeddedService<T>(options: EmbeddedOptions, work: (embedded: EmbeddedService) => Promise<T>): Promise<T> {
  const embedded = await EmbeddedService.open(newDirectory(), options);
  try {
    return await work(embedded);
  } finally {
    await embedded.close();
  }
}

const FUZZ = Number(process.env.FUZZ ?? 1);
/** How often a property is tried: FUZZ times the usual when that is set, for a longer search than a test run has time for. */
export const runs = (usual: number): number => usual * FUZZ;
export const RUNS_WITHIN_MS = 120_000 * FUZZ;
