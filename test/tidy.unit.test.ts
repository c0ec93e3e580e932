/** Rules that a reviewer would otherwise repeat. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const tracked = execFileSync('git', ['ls-files', '-z'], { cwd: ROOT, encoding: 'utf8' })
  .split('\0')
  .filter((path) => path !== '');
const sources = tracked.filter((path) => /^src\/.*\.ts$/.test(path));
/** The page's scripts are texts whose imports the browser resolves. */
const modules = sources.filter((path) => !path.startsWith('src/web/'));
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

interface Import {
  readonly to: string;
  readonly typeOnly: boolean;
}
const imports = new Map(
  modules.map((path): [string, Import[]] => [
    path,
    [...read(path).matchAll(/^(?:import|export)\s+(type\s)?[^'";]*?from\s+'(\.[^']+)'/gm)].map(([, type, target]) => ({
      to: normalize(join(dirname(path), target!)).replace(/\.js$/, '.ts'),
      typeOnly: type !== undefined,
    })),
  ]),
);

/** A folder and what it may import, besides itself and the files at the top of src. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  events: [],
  projections: ['events'],
  policies: ['events', 'projections'],
  prompts: ['events', 'projections', 'policies'],
  gateway: ['prompts'],
  evaluation: ['events', 'policies'],
  simulation: ['events', 'projections', 'policies', 'evaluation'],
  verify: ['events', 'log', 'projections', 'policies', 'store', 'consumers', 'rebuild'],
  cards: ['analysts', 'policies', 'simulation'],
  contracts: ['events', 'log'],
  log: ['events'],
  producer: ['events', 'log'],
  store: ['events', 'log', 'projections', 'policies'],
  export: ['events', 'log', 'producer', 'projections', 'store'],
  demo: ['events', 'log'],
  http: [
    'events',
    'log',
    'producer',
    'projections',
    'policies',
    'evaluation',
    'prompts',
    'gateway',
    'contracts',
    'store',
    'rebuild',
    'service',
    'web',
  ],
  web: [],
  rebuild: ['events', 'log', 'projections', 'policies', 'store', 'consumers'],
  consumers: ['events', 'log', 'projections', 'policies', 'store'],
  service: [
    'events',
    'log',
    'producer',
    'projections',
    'policies',
    'prompts',
    'gateway',
    'evaluation',
    'store',
    'consumers',
    'rebuild',
    'cards',
  ],
};
const folderOf = (path: string): string => (path.split('/').length > 2 ? path.split('/')[1]! : '');

describe('the sources', () => {
  it('import what exists', () => {
    const unknown = [...imports].flatMap(([from, list]) =>
      list.filter(({ to }) => !sources.includes(to)).map(({ to }) => `${from} -> ${to}`),
    );
    expect(unknown).toEqual([]);
  });

  it('have arrows one way: topics and config, then the core, then the shell', () => {
    const against = [...imports].flatMap(([from, list]) => {
      const allowed = MAY_IMPORT[folderOf(from)];
      if (allowed === undefined) return [];
      return list
        .filter(({ to }) => folderOf(to) !== '' && folderOf(to) !== folderOf(from) && !allowed.includes(folderOf(to)))
        .map(({ to }) => `${from} -> ${to}`);
    });
    expect(against).toEqual([]);
  });

  it('have no cycles', () => {
    const cycles: string[] = [];
    const done = new Set<string>();
    const visit = (path: string, trail: string[]): void => {
      if (trail.includes(path)) cycles.push([...trail.slice(trail.indexOf(path)), path].join(' -> '));
      if (done.has(path) || trail.includes(path)) return;
      for (const { to, typeOnly } of imports.get(path) ?? []) if (!typeOnly) visit(to, [...trail, path]);
      done.add(path);
    };
    for (const path of sources) visit(path, []);
    expect(cycles).toEqual([]);
  });

  it('leave kafkajs to one folder, and SQLite to the log and the store', () => {
    const using = (name: string) => sources.filter((path) => new RegExp(`from '${name}[/']|require\\('${name}[/']`).test(read(path)));
    expect(using('kafkajs').filter((path) => !path.startsWith('src/log/kafka/'))).toEqual([]);
    expect(using('better-sqlite3').filter((path) => !/^src\/(log\/sqlite|store)\//.test(path))).toEqual([]);
  });

  it('are small files', () => {
    expect(sources.filter((path) => read(path).split('\n').length > 520)).toEqual([]);
  });

  it('have no folder for what has no name', () => {
    expect(sources.filter((path) => /\/(utils?|helpers?|managers?|common|misc)(\.ts|\/)/.test(path))).toEqual([]);
  });
});

describe('everything tracked', () => {
  const texts = tracked.filter(
    (path) => /\.(ts|mjs|js|json|md|yml|ndjson)$|^\.ci\/run$|Dockerfile$/.test(path) && path !== 'test/tidy.unit.test.ts',
  );

  it('names no path of one machine and no registry host', () => {
    expect(texts.filter((path) => /(^|[\s"'`(=])\/(work|root|home)\/[a-z]|registry\.npmjs/m.test(read(path)))).toEqual([]);
  });

  it('leaves nothing for later without saying so in an issue', () => {
    expect(texts.filter((path) => !path.endsWith('.json') && /\b(TODO|FIXME|XXX)\b/.test(read(path)))).toEqual([]);
  });

  it('leaves no test alone or switched off for good', () => {
    expect(
      tracked.filter(
        (path) =>
          /^test\/.*\.ts$/.test(path) && path !== 'test/tidy.unit.test.ts' && /\b(it|test|describe)\.(only|todo|skip)\(/.test(read(path)),
      ),
    ).toEqual([]);
  });
});
