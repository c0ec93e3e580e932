/** Rules that a reviewer would otherwise repeat; test/tidy/rules.ts states them, and its test shows that each can fail. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { LEAVES, ROOMS } from './tidy/rooms.js';
import {
  againstTheRooms,
  crowdedFolders,
  fileCycles,
  folderCycles,
  importsOf,
  longFiles,
  longLines,
  othersUsing,
  roomsInDocument,
} from './tidy/rules.js';

const ROOT = join(import.meta.dirname, '..');
const tracked = execFileSync('git', ['ls-files', '-z'], { cwd: ROOT, encoding: 'utf8' })
  .split('\0')
  .filter((path) => path !== '');
const sources = tracked.filter((path) => /^src\/.*\.tsx?$/.test(path));
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const filesOf = (pattern: RegExp) => tracked.filter((path) => pattern.test(path)).map((path) => ({ path, text: read(path) }));
const files = filesOf(/^src\/.*\.tsx?$/).map(({ path, text }) => ({ path: asImported(path), text }));
const code = filesOf(/^(src|test|bench|scripts)\/.*\.(tsx?|mjs|css)$/);

/** An import does not say whether there is JSX in what it names. */
function asImported(path: string): string {
  return path.replace(/\.tsx$/, '.ts');
}

const MOST_FILES_A_FOLDER = 25;
const MOST_LINES = 400;
const MOST_CHARACTERS_A_LINE = 140;

describe('the sources', () => {
  it('import what exists', () => {
    const there = sources.map(asImported);
    expect(files.flatMap(importsOf).filter(({ to }) => !there.includes(to))).toEqual([]);
  });

  it('have a room each, and arrows that go up the list of rooms only', () => {
    expect(againstTheRooms(files, ROOMS, LEAVES)).toEqual([]);
  });

  it('are in the rooms that docs/architecture.md shows', () => {
    expect(roomsInDocument(read('docs/architecture.md'))).toEqual(ROOMS);
  });

  it('have no cycles, of files nor of folders', () => {
    expect(fileCycles(files)).toEqual([]);
    expect(folderCycles(files, LEAVES)).toEqual([]);
  });

  it('leave kafkajs to one folder and its insides to one file, and SQLite to the log and the store', () => {
    expect(othersUsing(files, 'kafkajs', /^src\/log\/kafka\//)).toEqual([]);
    expect(othersUsing(files, 'kafkajs/src', /^src\/log\/kafka\/internals\.ts$/)).toEqual([]);
    expect(othersUsing(files, 'better-sqlite3', /^src\/(log\/sqlite|store)\//)).toEqual([]);
  });

  it('are small files, in folders of a size that can be looked over', () => {
    expect(longFiles(code, MOST_LINES)).toEqual([]);
    expect(crowdedFolders(files, MOST_FILES_A_FOLDER)).toEqual([]);
  });

  it('have lines that fit beside each other', () => {
    expect(longLines(code, MOST_CHARACTERS_A_LINE)).toEqual([]);
  });

  it('are as small in Python', () => {
    const python = filesOf(/^python\/.*\.pyi?$/);
    expect(python.length).toBeGreaterThan(5);
    expect(longFiles(python, MOST_LINES)).toEqual([]);
    expect(longLines(python, MOST_CHARACTERS_A_LINE)).toEqual([]);
  });

  it('take the time as an argument in the core', () => {
    const core = filesOf(/^src\/((projections|policies|events)\/.*|topics)\.ts$/);
    expect(core.length).toBeGreaterThan(50);
    expect(core.filter(({ text }) => /\bnew Date\(\)/.test(text)).map(({ path }) => path)).toEqual([]);
  });

  it('have no folder for what has no name', () => {
    expect(sources.filter((path) => /\/(utils?|helpers?|managers?|common|misc)(\.ts|\/)/.test(path))).toEqual([]);
  });
});

describe('everything tracked', () => {
  const texts = tracked.filter(
    (path) =>
      /\.(tsx?|css|html|mjs|js|json|md|yml|ndjson|py|ipynb|toml|txt)$|^\.ci\/run$|Dockerfile$/.test(path) &&
      path !== 'test/tidy.unit.test.ts',
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
