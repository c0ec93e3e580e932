/** The order of test files: those that take longest begin first, so that in the end no core waits for one of them. */
import { relative, sep } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Each takes a minute or more on two cores. */
const LONG = [
  'test/system/docs/path.system.test.ts',
  'test/system/docs/tours.system.test.ts',
  'test/system/python/client.system.test.ts',
  'test/system/recipes/recipes.system.test.ts',
];
/** They compute for as long, and wait for nothing. */
const LONG_COMPUTING = ['test/faults/', 'test/simulation/prior-study', 'test/simulation/rollouts/study'];
/** Tiers that wait for processes and brokers: beside each other, and beside what computes. */
const WAITING = ['kafka', 'system', 'browser'];
/** Each in one piece: only files of one tier that follow each other share a process. */
const COMPUTING = ['service', 'property', 'unit'];

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // By what they took the last time, or by their size.
    const sorted = await super.sort(files);
    const groups = new Map<string, TestSpecification[]>();
    for (const file of sorted) {
      const path = relative(this.ctx.config.root, file.moduleId).split(sep).join('/');
      const group = LONG.find((one) => path === one) ?? (LONG_COMPUTING.some((one) => path.startsWith(one)) ? 'long' : file.project.name);
      groups.set(group, [...(groups.get(group) ?? []), file]);
    }
    const of = (group: string) => groups.get(group) ?? [];
    return [...LONG.flatMap(of), ...evenly([...WAITING, 'long'].map(of)), ...COMPUTING.flatMap(of)];
  }
}

/** One list of several: each is spread over the whole of it, in its own order. */
function evenly<T>(lists: readonly (readonly T[])[]): T[] {
  return lists
    .flatMap((list) => list.map((item, index) => ({ item, at: (index + 0.5) / list.length })))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
