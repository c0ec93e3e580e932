/** What the commands of the benchmarks share: what they say, how they are interrupted, what they clean up, and where results are kept. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from './measured-process.js';

export const say = (line: string) => void process.stderr.write(`${line}\n`);

/** Ends with the first signal, so that brokers, services and folders do not outlive it. */
export function interruption(): Promise<never> {
  const interrupted = new Promise<never>((_, reject) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => reject(new Error(`interrupted by ${signal}`)));
  });
  interrupted.catch(() => undefined);
  return interrupted;
}

/** The answer of `work`; what it has put on its list is done in any case, the last one first. */
export async function undoneAfter<Value>(work: (undo: (() => Promise<unknown>)[]) => Promise<Value>): Promise<Value> {
  const undo: (() => Promise<unknown>)[] = [];
  try {
    return await work(undo);
  } finally {
    for (const step of undo.reverse()) await step().catch((error: unknown) => say(`could not clean up: ${String(error)}`));
  }
}

/** In bench/results, under the time of now; answers the path. */
export async function saved(results: unknown, prefix = ''): Promise<string> {
  const folder = join(ROOT, 'bench', 'results');
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${prefix}${new Date().toISOString().replaceAll(':', '-')}.json`);
  await writeFile(path, `${JSON.stringify(results, null, 2)}\n`);
  return path;
}
