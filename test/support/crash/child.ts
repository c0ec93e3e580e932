/** Starts `process.ts`, made from the sources as they are, and answers how it ended. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { FaultPoint } from '../../../src/fault-points.js';
import { bundled } from '../bundled.js';

export type CrashAction = 'start' | 'prune' | 'rebuild' | 'ask' | 'swap' | 'move-over' | 'snapshot' | 'forget';

export interface CrashOrder {
  readonly action: CrashAction;
  readonly directory: string;
  /** Unix ms at its start. */
  readonly clockMs: number;
  /** Absent: it does not die. */
  readonly point?: FaultPoint;
  /** It dies at the so-many-eth passing of the point, counted from 1. */
  readonly passing?: number;
  /** So much later, in the middle of what follows; absent: at once. */
  readonly afterMs?: number;
  readonly maxBatchRecords: number;
  /** Whether sessions and signals are folded too. */
  readonly rows?: boolean;
  /** Absent: nothing is pruned. */
  readonly retainMs?: number;
  /** Who is forgotten. */
  readonly userId?: string;
  /** Of a snapshot. */
  readonly asOfMs?: number;
  readonly output?: string;
  /** Absent: the embedded log in the directory. */
  readonly kafka?: { readonly brokers: string; readonly prefix: string; readonly group: string };
}

export interface CrashOutcome {
  readonly signal: NodeJS.Signals | null;
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const BODY = fileURLToPath(new URL('./process.ts', import.meta.url));
let program: Promise<string> | undefined;
const ENDS_WITHIN_MS = 100_000;

/** `onLine` is told each line that the process says while it runs. */
export async function crashChild(order: CrashOrder, onLine: (line: string) => void = () => undefined): Promise<CrashOutcome> {
  program ??= bundled(BODY, 'crash-process');
  const child = spawn(process.execPath, [await program, JSON.stringify(order)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: ENDS_WITHIN_MS,
    killSignal: 'SIGABRT',
  });
  const [out, err]: [string[], string[]] = [[], []];
  child.stdout.on('data', (piece: Buffer) => out.push(piece.toString()));
  createInterface({ input: child.stdout }).on('line', onLine);
  child.stderr.on('data', (piece: Buffer) => err.push(piece.toString()));
  return new Promise((resolve) =>
    child.once('close', (code, signal) => resolve({ code, signal, stdout: out.join(''), stderr: err.join('') })),
  );
}
