/** Commands run in the test's own process, from their arguments to their exit code, without a build. */
import { Writable } from 'node:stream';
import type { CliCommand, CommandFamily } from '../../src/cli/command.js';
import { Output } from '../../src/cli/output/output.js';
import { runProgram } from '../../src/cli/program.js';

export interface Answered {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What `tipstream ARGV` does, when these are its commands. Nothing of the tester's environment reaches it. */
export async function runCommand(
  commands: readonly (CliCommand | CommandFamily)[],
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Answered> {
  const [out, err] = [new Collected(), new Collected()];
  const output = new Output(out as unknown as NodeJS.WriteStream, err as unknown as NodeJS.WriteStream, env);
  const code = await runProgram(commands, argv, { version: '0.0.0', env, output, signal: new AbortController().signal });
  return { code, stdout: out.text, stderr: err.text };
}

class Collected extends Writable {
  text = '';

  override _write(chunk: Buffer | string, _: BufferEncoding, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}
