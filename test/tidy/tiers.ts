/** What the suffix of a test promises, as a pure function over files: what a test reaches by its imports says what it needs. */
import { importsOf, type SourceFile } from './rules.js';

interface Need {
  readonly what: string;
  /** Files that bring it. */
  readonly by: RegExp;
  /** Tiers that may reach one. */
  readonly tiers: readonly string[];
  /** Whether these tiers must reach one: a test that needs less belongs in a quicker tier. */
  readonly required?: boolean;
}

const NEEDS: readonly Need[] = [
  { what: 'a broker', by: /^test\/support\/broker\/(broker|jvm|shared|global-setup)\.ts$/, tiers: ['kafka'], required: true },
  { what: 'a browser', by: /^test\/support\/(chromium|console-page)\.ts$/, tiers: ['browser'], required: true },
  {
    what: 'processes of its own',
    by: /^test\/support\/(cli-process|crash\/child|embedded\/process|e2e\/member|log\/process-client)\.ts$/,
    tiers: ['service', 'system', 'browser', 'kafka'],
  },
  {
    what: 'a real log or a service',
    by: /^src\/(log\/sqlite\/log|service\/service)\.ts$/,
    tiers: ['service', 'system', 'browser', 'kafka'],
  },
];

const TEST = /^test\/.*\.(\w+)\.test\.ts$/;

/** One line a fault; `files` are those of src and test. */
export function wrongTiers(files: readonly SourceFile[]): string[] {
  const next = new Map(files.map((file) => [file.path, importsOf(file).flatMap(({ to, typeOnly }) => (typeOnly ? [] : [to]))]));
  const reached = (from: string, seen = new Set<string>()): Set<string> => {
    if (seen.has(from)) return seen;
    seen.add(from);
    for (const to of next.get(from) ?? []) reached(to, seen);
    return seen;
  };
  return files.flatMap(({ path }) => {
    const tier = TEST.exec(path)?.[1];
    if (tier === undefined) return [];
    const all = [...reached(path)];
    return NEEDS.flatMap(({ what, by, tiers, required }) => {
      const through = all.find((each) => by.test(each));
      if (through !== undefined && !tiers.includes(tier)) return [`${path} needs ${what} (${through})`];
      if (through === undefined && required && tiers.includes(tier)) return [`${path} needs no ${what.replace(/^a /, '')}`];
      return [];
    });
  });
}

/** Tests of one function or class stand where it stands: unit and property tests in a folder that src has too. */
export function outsideTheMirror(paths: readonly string[]): string[] {
  const folders = new Set<string>();
  for (const path of paths) {
    const parts = path.split('/');
    if (parts[0] === 'src') for (let depth = 1; depth < parts.length; depth++) folders.add(parts.slice(1, depth).join('/'));
  }
  return paths.filter((path) => {
    if (!/^test\/.*\.(unit|property)\.test\.ts$/.test(path)) return false;
    const folder = path.split('/').slice(1, -1).join('/');
    return !/^(system|tidy|regressions)(\/|$)/.test(folder) && !folders.has(folder);
  });
}
