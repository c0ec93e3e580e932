/** The crash matrix cannot rot: every fault point is in it, is killed at by a suite, and is told of in docs/semantics.md. */
import { existsSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { FAULT_POINTS } from '../../../src/fault-points.js';
import { readPage } from '../docs/markdown.js';
import { CRASH_MATRIX, crashesOf } from '../../support/crash/matrix.js';

it('has every fault point, and no other', () => {
  expect(Object.keys(CRASH_MATRIX).sort()).toEqual([...FAULT_POINTS].sort());
  for (const crashes of Object.values(CRASH_MATRIX)) expect(crashes.length).toBeGreaterThan(0);
});

it('has a suite for every action, that kills at all of its points', () => {
  for (const action of new Set(
    Object.values(CRASH_MATRIX)
      .flat()
      .map((crashes) => crashes.action),
  )) {
    const suite = new URL(`./${action}.system.test.ts`, import.meta.url);
    expect(existsSync(suite) && readFileSync(suite, 'utf8'), action).toContain(`.for(crashesOf('${action}'))(`);
    expect(crashesOf(action).length).toBeGreaterThan(0);
  }
});

it('is in docs/semantics.md, row by row', () => {
  const section = /^## What a crash leaves$([\s\S]*?)^## /m.exec(readPage('docs/semantics.md'))?.[1] ?? '';
  const rows = section
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .slice(1)
    .map((line) => line.split('|').map((cell) => cell.trim()));
  expect([...FAULT_POINTS].filter((point) => rows.filter(([, step]) => step!.includes(`\`${point}\``)).length !== 1)).toEqual([]);
  for (const [, step, , , tests] of rows) {
    const points = FAULT_POINTS.filter((point) => step!.includes(`\`${point}\``));
    const named = tests!.split(', ').filter((name) => !name.startsWith('['));
    for (const name of named)
      expect(
        ['system', 'kafka'].some((tier) => existsSync(new URL(`./${name}.${tier}.test.ts`, import.meta.url))),
        name,
      ).toBe(true);
    const actions = new Set(points.flatMap((point) => CRASH_MATRIX[point].map(({ action }) => action)));
    expect(named, step).toEqual(expect.arrayContaining([...actions]));
  }
});
