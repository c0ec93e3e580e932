/** One catch-up of the real service, from the start of its process to its end. */
import { join } from 'node:path';
import { ROOT, startNode, type Finished, type Usage } from './measured-process.js';

export interface LogArguments {
  /** Command line options that name the log and the data directory. */
  readonly args: readonly string[];
}

export interface CatchUp extends Usage {
  readonly events: number;
  /** From the first partition assigned (its state file open, nothing fetched) to the commit of the last batch. */
  readonly catchUpMs: number;
  /** From the start of the process to the first partition assigned. */
  readonly startUpMs: number;
  /** From the start of the process to its end. */
  readonly wholeMs: number;
  readonly transactions: number;
}

export const MAIN = join(ROOT, 'dist', 'cli', 'main.js');

interface LogLine {
  readonly time: string;
  readonly msg: string;
  readonly records?: number;
}

export async function catchUp({ args }: LogArguments): Promise<CatchUp> {
  const running = await startNode([MAIN, 'start', '--until-caught-up', '--no-http', '--log-level', 'debug', ...args]);
  return measure(await running.finished);
}

function measure({ stderr, startedAtMs, endedAtMs, usage }: Finished): CatchUp {
  const lines = stderr
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as LogLine);
  const assigned = lines.find(({ msg }) => msg === 'partition assigned');
  const commits = lines.filter(({ msg, records }) => msg === 'batch committed' && (records ?? 0) > 0);
  const last = commits.at(-1);
  if (assigned === undefined || last === undefined) throw new Error(`the service folded nothing:\n${stderr.slice(-2_000)}`);
  const assignedAtMs = Date.parse(assigned.time);
  return {
    events: commits.reduce((sum, { records }) => sum + records!, 0),
    catchUpMs: Date.parse(last.time) - assignedAtMs,
    startUpMs: assignedAtMs - startedAtMs,
    wholeMs: endedAtMs - startedAtMs,
    transactions: commits.length,
    ...usage,
  };
}
