/** Commands run in the test's own process, from their arguments to their exit code, without a build. */
import { closeSync, openSync } from 'node:fs';
import { Writable } from 'node:stream';
import type { CommandEntry, CommandFamily } from '../../src/cli/command.js';
import { Output } from '../../src/cli/output/output.js';
import { runToEnd } from '../../src/cli/program.js';

export interface Answered {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Where stdout goes, instead of into the answer. */
  readonly stdout?: string;
  /** stdout is a terminal of this size. */
  readonly terminal?: { readonly columns: number; readonly rows: number };
  /** Called with each piece that is written to stdout. */
  readonly onStdout?: (piece: string) => void;
}

/** What `tipstream ARGV` does, when these are its commands. Nothing of the tester's environment reaches it. */
export async function runCommand(
  commands: readonly (CommandEntry | CommandFamily)[],
  argv: readonly string[],
  { env = {}, signal = new AbortController().signal, stdout, terminal, onStdout }: RunOptions = {},
): Promise<Answered> {
  const [out, err] = [new Collected(), new Collected()];
  if (terminal !== undefined) Object.assign(out, { isTTY: true, ...terminal });
  out.onPiece = onStdout;
  if (stdout !== undefined) out.fd = openSync(stdout, 'w');
  try {
    const output = new Output(out as unknown as NodeJS.WriteStream, err as unknown as NodeJS.WriteStream, env);
    const code = await runToEnd(commands, argv, { version: '0.0.0', env, output, signal });
    return { code, stdout: out.text, stderr: err.text };
  } finally {
    if (out.fd !== undefined) closeSync(out.fd);
  }
}

class Collected extends Writable {
  fd: number | undefined;
  text = '';
  onPiece: ((piece: string) => void) | undefined;

  override _write(chunk: Buffer | string, _: BufferEncoding, done: () => void): void {
    this.text += chunk.toString();
    this.onPiece?.(chunk.toString());
    done();
  }
}
