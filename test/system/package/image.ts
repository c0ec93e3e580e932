/** What `docker build` would put into the image, worked out from Dockerfile and .dockerignore, as no Docker is needed to know it. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { ROOT } from '../docs/markdown.js';

const WORKDIR = '/app/';

interface Instruction {
  readonly name: string;
  readonly text: string;
}

/** Of the last stage, which is the image. */
function finalStage(): readonly Instruction[] {
  const lines = readFileSync(join(ROOT, 'Dockerfile'), 'utf8').replaceAll('\\\n', ' ').split('\n');
  const instructions = lines
    .filter((line) => /^[A-Z]/.test(line))
    .map((line) => ({ name: line.split(' ')[0]!, text: line.slice(line.indexOf(' ') + 1).trim() }));
  return instructions.slice(instructions.findLastIndex(({ name }) => name === 'FROM'));
}

const textOf = (name: string): string => finalStage().findLast((instruction) => instruction.name === name)!.text;

/** Words of an instruction in exec form. */
const words = (json: string): string[] => JSON.parse(json) as string[];

/** The command of a container that is given no other. */
export const startCommand = (): string[] => [...words(textOf('ENTRYPOINT')), ...words(textOf('CMD'))];
export const healthCommand = (): string[] => words(/ CMD (\[.*\])$/.exec(textOf('HEALTHCHECK'))![1]!);

/** Whether a path from the root is sent to the builder: the last line of .dockerignore that matches it, or a folder of it, decides. */
export function isSent(path: string, ignoreFile = readFileSync(join(ROOT, '.dockerignore'), 'utf8')): boolean {
  let sent = true;
  for (const line of ignoreFile.split('\n').filter((text) => text !== '' && !text.startsWith('#'))) {
    const pattern = line.replace(/^!/, '').replace(/\/$/, '');
    const expression = new RegExp(
      `^${pattern
        .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
        .replaceAll('**', '\0')
        .replaceAll('*', '[^/]*')
        .replaceAll('\0', '.*')}(/|$)`,
    );
    if (expression.test(path)) sent = line.startsWith('!');
  }
  return sent;
}

/** Of the build stage after `npm prune --omit=dev`, in this installation. */
function productionPackages(): string[] {
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; devOptional?: boolean }>;
  };
  return Object.entries(packages)
    .filter(([path, { dev, devOptional }]) => path !== '' && dev !== true && devOptional !== true && existsSync(join(ROOT, path)))
    .map(([path]) => path);
}

/** What COPY finds at a path of the build stage: made there, or sent to it. Throws where docker build would. */
function sourcesOf(path: string): string[] {
  if (path === 'node_modules') return productionPackages();
  if (path === 'dist') return [path];
  const tracked = execFileSync('git', ['ls-files', '-z', '--', path], { cwd: ROOT, encoding: 'utf8' }).split('\0');
  const sent = tracked.filter((file) => file !== '' && isSent(file));
  if (sent.length === 0) throw new Error(`COPY ${path}: .dockerignore leaves nothing of it`);
  return sent;
}

/** Paths from the root of the repository and their places below the work directory of the image. */
export function imageFiles(): { readonly from: string; readonly to: string }[] {
  return finalStage()
    .filter(({ name }) => name === 'COPY')
    .flatMap(({ text }) => {
      const paths = text.split(/\s+/).filter((word) => !word.startsWith('--'));
      const target = paths.pop()!.replace(/^\.\//, '');
      return paths.flatMap((path) => {
        const source = path.replace(WORKDIR, '');
        // A folder's contents go into the target, a file under its name.
        const isFolder = statSync(join(ROOT, source)).isDirectory();
        return sourcesOf(source).map((from) => ({
          from,
          to: posix.join(target, isFolder ? posix.relative(source, from) : posix.basename(from)),
        }));
      });
    });
}

export function layOut(directory: string): void {
  for (const { from, to } of imageFiles()) {
    mkdirSync(dirname(join(directory, to)), { recursive: true });
    cpSync(join(ROOT, from), join(directory, to), { recursive: true });
  }
}
