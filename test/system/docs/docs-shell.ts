/** A terminal for the commands of the docs: a directory with the examples, in which `npx tipstream` is what was built. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { until } from '../../support/cli-process.js';
import { ROOT, type FencedBlock } from './markdown.js';

const MAIN = join(ROOT, 'dist/cli/main.js');
const NPX = `#!/bin/sh\ntest "$1" = tipstream || exit 127\nshift\nexec "${process.execPath}" "${MAIN}" "$@"\n`;
/** `start` that stays, and whatever else a line sets for it. */
const STAYS = /\bnpx tipstream start\b(?!.*--until-caught-up)/;
/** What a command sets holds for those after it, as in a terminal. */
const SESSION = '.session';
const REMEMBER = `code=$?; { export -p; echo "umask $(umask)"; } > ${SESSION}; exit $code`;
const ANSWERS_AT = /tipstream answers at (http:\/\/[^\s"]+)/;

export interface Printed {
  /** Output and errors as a terminal shows them. */
  readonly printed: string;
  /** Of the last command; null after a signal. */
  readonly exitCode: number | null;
}

export interface Replacement {
  /** As the docs have it. */
  readonly shown: string;
  readonly real: string;
}

export interface FollowOptions {
  readonly codes?: readonly number[];
  readonly replacements?: readonly Replacement[];
}

export class DocsShell {
  readonly directory = mkdtempSync(join(tmpdir(), 'tipstream-docs-'));
  readonly #env: NodeJS.ProcessEnv;
  readonly #groups = new Set<number>();

  constructor(env: Readonly<Record<string, string>> = {}) {
    if (!existsSync(MAIN)) throw new Error('dist/ is missing: npm run build first');
    cpSync(join(ROOT, 'examples'), join(this.directory, 'examples'), { recursive: true });
    const bin = join(this.directory, '.bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'npx'), NPX, { mode: 0o755 });
    const inherited = Object.entries(process.env).filter(([name]) => !/^(KAFKA_|TIPSTREAM_|NODE_OPTIONS$)/.test(name));
    this.#env = {
      ...Object.fromEntries(inherited),
      PATH: `${bin}${delimiter}${process.env.PATH}`,
      NO_COLOR: '1',
      // In place of port 8080, which may be taken here.
      TIPSTREAM_HTTP: '127.0.0.1:0',
      ...env,
    };
  }

  async run(script: string): Promise<Printed> {
    const child = this.#spawn(script);
    let printed = '';
    child.stdout.on('data', (piece: Buffer) => (printed += piece.toString()));
    const [exitCode] = (await once(child, 'close')) as [number | null];
    this.#groups.delete(child.pid!);
    return { printed, exitCode };
  }

  /** A `start` that stays, while `use` runs, once it is ready; then it gets SIGTERM. */
  async serve(script: string, use: (address: string) => Promise<void>): Promise<Printed> {
    const child = this.#spawn(script);
    const closed = once(child, 'close') as Promise<[number | null]>;
    let printed = '';
    const address = new Promise<string>((resolve, reject) => {
      child.stdout.on('data', (piece: Buffer) => {
        printed += piece.toString();
        const found = ANSWERS_AT.exec(printed)?.[1];
        if (found !== undefined) resolve(found);
      });
      void closed.then(() => reject(new Error(`it ended before it answered:\n${printed}`)));
    });
    const ready = await address;
    await until('readiness', async () => (await fetch(`${ready}/readyz`)).ok);
    await use(ready);
    process.kill(-child.pid!, 'SIGTERM');
    const [exitCode] = await closed;
    this.#groups.delete(child.pid!);
    return { printed, exitCode };
  }

  /**
   * The commands of a block, one after the other. Each ends with 0 unless its line says `# exit code 2`, or unless `codes` says what
   * they end with on the data that are here.
   */
  async follow(block: FencedBlock, { codes, replacements = [] }: FollowOptions = {}): Promise<void> {
    for (const [index, command] of commandsOf(block).entries()) {
      const script = replacements.reduce((text, { shown, real }) => text.replaceAll(shown, real), command);
      const expected = codes?.[index] ?? Number(/# exit code (\d+)/.exec(command)?.[1] ?? 0);
      const { printed, exitCode } = STAYS.test(command) ? await this.serve(script, async () => {}) : await this.run(script);
      if (exitCode !== expected)
        throw new Error(`line ${block.line}: ${command}\nended with ${exitCode} and not with ${expected}:\n${printed}`);
    }
  }

  dispose(): void {
    for (const group of this.#groups) process.kill(-group, 'SIGKILL');
    rmSync(this.directory, { recursive: true, force: true });
  }

  #spawn(script: string) {
    const remembering = `exec 2>&1; [ ! -e ${SESSION} ] || . ./${SESSION}; set -a; trap : TERM\n${script}\n${REMEMBER}`;
    // A group of its own: the shell and what it has started get a signal together, as from a terminal.
    const child = spawn('sh', ['-c', remembering], { cwd: this.directory, env: this.#env, detached: true });
    this.#groups.add(child.pid!);
    return child;
  }
}

/** A line each, or several where a quote, a loop, a pipe or a backslash goes on. */
function commandsOf({ text }: FencedBlock): string[] {
  const commands: string[] = [];
  let open = '';
  for (const line of text.split('\n')) {
    open += `${open === '' ? '' : '\n'}${line}`;
    if (!isComplete(open)) continue;
    if (!/^\s*(#.*)?$/.test(open)) commands.push(open);
    open = '';
  }
  if (open !== '') throw new Error(`the block ends within a command: ${open}`);
  return commands;
}

const isComplete = (script: string): boolean => !/(\\|\||&&)\s*$/.test(script) && spawnSync('sh', ['-n', '-c', script]).status === 0;
