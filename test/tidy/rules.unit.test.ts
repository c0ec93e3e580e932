/** Each rule can fail: a made-up tree breaks it. */
import { describe, expect, it } from 'vitest';
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
} from './rules.js';
import type { Room } from './rooms.js';

const file = (path: string, ...imports: string[]) => ({
  path,
  text: imports
    .map((target) => (target.startsWith('type ') ? `import type { A } from '${target.slice(5)}';` : `import { A } from '${target}';`))
    .join('\n'),
});
const ROOMS: Room[] = [
  { folder: 'core', mayImport: [] },
  { folder: 'store', mayImport: ['core'] },
  { folder: 'check', mayImport: ['core'] },
  { folder: 'cli', mayImport: 'everything above' },
];

describe('imports', () => {
  it('are read over lines, as types and as what is passed on', () => {
    const text = "import {\n  A,\n} from './a.js';\nexport type { B } from '../b.js';\nimport x from 'zod';\n";
    expect(importsOf({ path: 'src/core/c.ts', text })).toEqual([
      { from: 'src/core/c.ts', to: 'src/core/a.ts', typeOnly: false },
      { from: 'src/core/c.ts', to: 'src/b.ts', typeOnly: true },
    ]);
  });
});

describe('rooms', () => {
  it('import what stands above them, the top of src and themselves', () => {
    const tree = [
      file('src/cli/a.ts', '../store/b.js', './c.js'),
      file('src/store/b.ts', '../core/d.js', '../errors.js'),
      file('src/index.ts', './cli/a.js'),
    ];
    expect(againstTheRooms(tree, ROOMS, [])).toEqual([]);
  });

  it.each([
    ['what stands below', [file('src/core/a.ts', '../store/b.js')], 'src/core/a.ts -> src/store/b.ts'],
    ['a type from below', [file('src/core/a.ts', 'type ../store/b.js')], 'src/core/a.ts -> src/store/b.ts'],
    ['what their list does not name', [file('src/check/a.ts', '../store/b.js')], 'src/check/a.ts -> src/store/b.ts'],
    ['a room from the top of src', [file('src/errors.ts', './core/a.js')], 'src/errors.ts -> src/core/a.ts'],
    ['what the package exports', [file('src/cli/a.ts', '../index.js')], 'src/cli/a.ts -> src/index.ts'],
    ['from a room without an entry', [file('src/other/a.ts')], 'src/other has no entry'],
  ])('may not import %s', (_, tree, fault) => {
    expect(againstTheRooms(tree, ROOMS, [])).toEqual([fault]);
  });

  it('have lists in their order', () => {
    expect(againstTheRooms([], [{ folder: 'core', mayImport: ['store'] }, ...ROOMS.slice(1)], [])).toEqual([
      'core may import store, which is not above it',
    ]);
  });

  it('leave a leaf to the top of src, as long as it imports nothing', () => {
    const top = file('src/errors.ts', './core/leaf.js');
    expect(againstTheRooms([top, file('src/core/leaf.ts')], ROOMS, ['src/core/leaf.ts'])).toEqual([]);
    expect(againstTheRooms([top, file('src/core/leaf.ts', './a.js')], ROOMS, ['src/core/leaf.ts'])).toHaveLength(1);
  });
});

describe('cycles', () => {
  it('of folders are found, by types too, and however deep the folders are', () => {
    const tree = [file('src/a/x/one.ts', '../y/two.js'), file('src/a/y/two.ts', 'type ../x/three.js'), file('src/a/x/three.ts')];
    expect(folderCycles(tree, [])).toEqual(['src/a: x -> y -> x']);
    expect(folderCycles([tree[0]!, file('src/a/y/two.ts')], [])).toEqual([]);
    expect(folderCycles([file('src/a/one.ts', '../b/two.js'), file('src/b/two.ts', '../a/three.js')], [])).toEqual(['src: a -> b -> a']);
  });

  it('are none where a folder stands between two files of its parent', () => {
    expect(folderCycles([file('src/a/routes.ts', './routes/one.js'), file('src/a/routes/one.ts', '../route.js')], [])).toEqual([]);
  });

  it('of files are found by values only', () => {
    expect(fileCycles([file('src/a.ts', './b.js'), file('src/b.ts', './a.js')])).toEqual(['src/a.ts -> src/b.ts -> src/a.ts']);
    expect(fileCycles([file('src/a.ts', './b.js'), file('src/b.ts', 'type ./a.js')])).toEqual([]);
  });
});

describe('sizes', () => {
  it('of folders, files and lines have a limit', () => {
    const three = ['a', 'b', 'c'].map((name) => file(`src/core/${name}.ts`));
    expect(crowdedFolders(three, 2)).toEqual(['src/core: 3 files']);
    expect(crowdedFolders(three, 3)).toEqual([]);
    const text = 'one\nthree\n';
    expect(longFiles([{ path: 'a.ts', text }], 1)).toEqual(['a.ts']);
    expect(longFiles([{ path: 'a.ts', text }], 2)).toEqual([]);
    expect(longLines([{ path: 'a.ts', text }], 4)).toEqual(['a.ts:2: 5 characters']);
    expect(longLines([{ path: 'a.ts', text }], 5)).toEqual([]);
  });
});

describe('modules', () => {
  it('are left to those they are left to', () => {
    const tree = [
      { path: 'src/log/a.ts', text: "require('kafkajs/src/cluster')" },
      { path: 'src/b.ts', text: "import x from 'kafkajs';" },
      { path: 'src/c.ts', text: "import x from 'kafkajs-other';" },
    ];
    expect(othersUsing(tree, 'kafkajs', /^src\/log\//)).toEqual(['src/b.ts']);
    expect(othersUsing(tree, 'kafkajs/src', /^src\/b/)).toEqual(['src/log/a.ts']);
  });
});

it('the table of rooms is read from the page', () => {
  const page = [
    '| room | what | may import |',
    '|---|---|---|',
    '| `src/core/` | sums | nothing |',
    '| `src/store/` | files | core |',
    '| `src/cli/` | x | everything above |',
    '',
  ].join('\n');
  expect(roomsInDocument(page)).toEqual([ROOMS[0], ROOMS[1], { folder: 'cli', mayImport: 'everything above' }]);
});
