/** The rules as pure functions over files, so that each can be shown to fail. Each returns what breaks it, one line a fault. */
import { dirname, join, normalize } from 'node:path';
import type { Room } from './rooms.js';

export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

export interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

/** Of relative paths, `export … from` included. */
export function importsOf({ path, text }: SourceFile): Import[] {
  return [...text.matchAll(/^(?:import|export)\s+(type\s)?[^'";]*?from\s+'(\.[^']+)'/gm)].map(([, type, target]) => ({
    from: path,
    to: normalize(join(dirname(path), target!)).replace(/\.js$/, '.ts'),
    typeOnly: type !== undefined,
  }));
}

const arrow = ({ from, to }: Import) => `${from} -> ${to}`;
/** The room of a file, '' at the top of src. */
const roomOf = (path: string): string => (path.split('/').length > 2 ? path.split('/')[1]! : '');

/** src/index.ts is what the package exports: it stands below every room. */
const EXPORTS = 'src/index.ts';

export function againstTheRooms(files: readonly SourceFile[], rooms: readonly Room[], leaves: readonly string[]): string[] {
  const order = rooms.map(({ folder }) => folder);
  const faults = new Set<string>();
  for (const [rank, { folder, mayImport }] of rooms.entries()) {
    if (mayImport === 'everything above') continue;
    for (const name of mayImport)
      if (!order.slice(0, rank).includes(name)) faults.add(`${folder} may import ${name}, which is not above it`);
  }
  for (const file of files) {
    const folder = roomOf(file.path);
    const rank = order.indexOf(folder);
    if (folder !== '' && rank === -1) faults.add(`src/${folder} has no entry`);
    if (leaves.includes(file.path)) for (const each of importsOf(file)) faults.add(`${arrow(each)}: a leaf imports nothing`);
    if (file.path === EXPORTS || (folder !== '' && rank === -1)) continue;
    const listed = rooms[rank]?.mayImport ?? [];
    const allowed = listed === 'everything above' ? order.slice(0, rank) : listed;
    for (const each of importsOf(file)) {
      const target = roomOf(each.to);
      const fine = target === '' ? each.to !== EXPORTS : target === folder || allowed.includes(target);
      if (!fine && !leaves.includes(each.to)) faults.add(arrow(each));
    }
  }
  return [...faults];
}

/**
 * Cycles of folders, type imports too. Within each folder its files and subfolders are taken as one thing each: routes.ts may import
 * routes/, and routes/ may import route.ts, but two folders side by side depend on each other one way only.
 */
export function folderCycles(files: readonly SourceFile[], leaves: readonly string[]): string[] {
  const all = files.filter(({ path }) => path !== EXPORTS).flatMap(importsOf);
  const arrows = all.filter(({ to }) => !leaves.includes(to));
  const folders = new Set<string>();
  for (const { path } of files) for (let at = dirname(path); at !== '.'; at = dirname(at)) folders.add(at);
  return [...folders].sort().flatMap((folder) => {
    const child = (path: string) => (path.startsWith(`${folder}/`) ? path.slice(folder.length + 1).split('/', 1)[0]! : undefined);
    const next = new Map<string, Set<string>>();
    for (const { from, to } of arrows) {
      const [a, b] = [child(from), child(to)];
      if (a === undefined || b === undefined || a === b) continue;
      next.set(a, (next.get(a) ?? new Set()).add(b));
    }
    return cyclesIn(next)
      .filter((cycle) => cycle.some((name) => !name.endsWith('.ts')))
      .map((cycle) => `${folder}: ${cycle.join(' -> ')}`);
  });
}

/** Cycles of files by what they import as values: types are gone when the code runs. */
export function fileCycles(files: readonly SourceFile[]): string[] {
  const next = new Map(files.map((file) => [file.path, new Set(importsOf(file).flatMap(({ to, typeOnly }) => (typeOnly ? [] : [to])))]));
  return cyclesIn(next).map((cycle) => cycle.join(' -> '));
}

function cyclesIn(next: ReadonlyMap<string, ReadonlySet<string>>): string[][] {
  const cycles: string[][] = [];
  const done = new Set<string>();
  const visit = (name: string, trail: readonly string[]): void => {
    if (trail.includes(name)) cycles.push([...trail.slice(trail.indexOf(name)), name]);
    if (done.has(name) || trail.includes(name)) return;
    for (const to of next.get(name) ?? []) visit(to, [...trail, name]);
    done.add(name);
  };
  for (const name of next.keys()) visit(name, []);
  return cycles;
}

export function crowdedFolders(files: readonly SourceFile[], most: number): string[] {
  const counts = new Map<string, number>();
  for (const { path } of files) counts.set(dirname(path), (counts.get(dirname(path)) ?? 0) + 1);
  return [...counts].filter(([, count]) => count > most).map(([folder, count]) => `${folder}: ${count} files`);
}

export function longFiles(files: readonly SourceFile[], mostLines: number): string[] {
  return files.filter(({ text }) => text.split('\n').length > mostLines + 1).map(({ path }) => path);
}

export function longLines(files: readonly SourceFile[], mostCharacters: number): string[] {
  return files.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, at) => (line.length > mostCharacters ? [`${path}:${at + 1}: ${line.length} characters`] : [])),
  );
}

/** Who requires or imports a module whose name begins so, other than those it is left to. */
export function othersUsing(files: readonly SourceFile[], name: string, leftTo: RegExp): string[] {
  const use = new RegExp(`(?:from |import\\(|require\\()'${name.replaceAll('.', '\\.')}['/]`);
  return files.filter(({ path, text }) => !leftTo.test(path) && use.test(text)).map(({ path }) => path);
}

/** How docs/architecture.md says it: `| `name/` | what is in it | what it may import |`. */
export function roomsInDocument(page: string): Room[] {
  return [...page.matchAll(/^\| `src\/([\w-]+)\/` \|[^|]*\| ([^|]*) \|$/gm)].map(([, folder, list]) => ({
    folder: folder!,
    mayImport:
      list === 'everything above' ? list : [...list!.matchAll(/[a-z-]+/g)].map(([name]) => name).filter((name) => name !== 'nothing'),
  }));
}
