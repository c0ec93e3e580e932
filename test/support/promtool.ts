/** Prometheus's own checker, so that what tipstream exposes and ships is judged by what will read it. */
import { spawn, spawnSync } from 'node:child_process';
import { text } from 'node:stream/consumers';

/** Debian has it in the package prometheus. Without it, tests that need it are skipped; in CI, where it is installed, that is a failure. */
export const withPromtool = spawnSync('promtool', ['--version']).status === 0;

/** Runs it to its end; answers its exit code and all that it printed. */
export async function promtool(args: readonly string[], { input = '', cwd }: { input?: string; cwd?: string } = {}) {
  const child = spawn('promtool', args, { cwd, stdio: ['pipe', 'pipe', 'pipe'] });
  child.stdin.end(input);
  const code = new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve));
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, text: out + err };
}
