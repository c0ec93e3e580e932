/** The recipes of CONTRIBUTING.md are true: followed in a copy of the tree, they touch the files they name, and the tests are green. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { filesOfRecipe, TreeCopy } from './tree-copy.js';

const NEW_FEATURE = `import type { CounterFamily } from '../counter.js';
import { defineFeature } from '../feature.js';
import { DAY_MS, isInWindow } from '../window.js';

const WEEK_MS = 7 * DAY_MS;

const dismissedThisWeek: CounterFamily = {
  id: 'dismissed_7d',
  windowMs: WEEK_MS,
  contribute(tip, asOfMs, add) {
    if (isInWindow(tip.dismissAtMs, asOfMs, WEEK_MS)) add('dismissed_7d', 1);
  },
};

export const dismissed7d = defineFeature({
  name: 'dismissed_7d',
  dtype: 'numeric',
  unit: 'tips',
  sources: ['tip.feedback'],
  windowMs: WEEK_MS,
  ttlMs: DAY_MS,
  invalidatedBy: ['tip.feedback', 'time'],
  description: 'Tips dismissed in the last 7 days; 0 when none was.',
  sql: \`
    SELECT uid, count(*) AS value
    FROM tip
    WHERE dismiss_at_ms >= :as_of_ms - \${WEEK_MS} AND dismiss_at_ms < :as_of_ms
    GROUP BY uid\`,
  counters: [dismissedThisWeek],
  value: (read) => read.count('dismissed_7d'),
});
`;
const hashOf = (feature: string) => `
  import { registryOf } from './src/projections/registry.ts';
  import { FEATURE_SETS } from './src/topics.ts';
  console.log(registryOf({ sets: FEATURE_SETS }).definitions.features.find(({ name }) => name === '${feature}').hash);`;

const NOTE_TOPIC = `  'note.written': {
    description: 'The user wrote a note.',
    role: 'consumed',
    writtenBy: 'producers',
    keyed: 'always',
    folds: 'rows',
    eventTime: 'written_at_ms',
    rebuiltFrom: true,
    cleanupPolicy: 'delete',
    retentionMs: KEEP_FOR_EVER,
  },
`;
const NOTE_EXAMPLES = `  'note.written': {
    minimal: { user_id: 'ana', note_id: 'n-1001', written_at_ms: 1_795_132_700_000 },
    full: { user_id: 'ana', note_id: 'n-1001', written_at_ms: 1_795_132_700_000 },
  },
`;
const NEW_KIND = `/** A note: when it was first written. */
import type { EventOf } from '../../events/decode.js';
import type { RowKind } from '../row-kind.js';

export type NoteRow = { readonly note_id: string; readonly written_at_ms: number };

export const note: RowKind<NoteRow> = {
  name: 'note',
  topics: ['note.written'],
  key: ['note_id'],
  columns: [
    ['note_id', 'TEXT NOT NULL'],
    ['written_at_ms', 'INTEGER NOT NULL'],
  ],
  times: ['written_at_ms'],
  rowOf(event) {
    const { note_id, written_at_ms } = event as EventOf<'note.written'>;
    return { note_id, written_at_ms: written_at_ms + 0 };
  },
  join: (kept, next) => (next.written_at_ms < kept.written_at_ms ? next : kept),
  samples: (ms) => [{ note_id: 'n1', written_at_ms: ms }],
};
`;
const FEATURE_OF_KIND = `import { defineFeature } from '../feature.js';
import type { RowFamily } from '../row-kind.js';
import { note, type NoteRow } from '../rows/note.js';
import { DAY_MS, isInWindow, WINDOW_MS } from '../window.js';

const notes: RowFamily<NoteRow> = {
  id: 'notes',
  of: note,
  windowMs: WINDOW_MS,
  contribute(row, asOfMs, add) {
    if (isInWindow(row.written_at_ms, asOfMs)) add('notes', 1);
  },
};

export const notes30d = defineFeature({
  name: 'notes_30d',
  dtype: 'numeric',
  unit: 'notes',
  sources: ['note.written'],
  windowMs: WINDOW_MS,
  ttlMs: DAY_MS,
  invalidatedBy: ['note.written', 'time'],
  description: 'Notes written in the last 30 days; 0 when none was.',
  sql: \`
    SELECT uid, count(*) AS value
    FROM note
    WHERE written_at_ms >= :as_of_ms - \${WINDOW_MS} AND written_at_ms < :as_of_ms
    GROUP BY uid\`,
  counters: [notes],
  value: (read) => read.count('notes'),
});
`;
const NAIVE_KIND = `const note: NaiveKind<'note.written', { readonly id: string; readonly at: number }> = {
  topic: 'note.written',
  keyOf: ({ note_id }) => note_id,
  rowOf: (events) => ({ id: events[0]!.note_id, at: least(events.map(({ written_at_ms }) => written_at_ms)) }),
  isTaken: ({ at }, horizonMs) => at < horizonMs,
  columns: ({ id, at }) => [id, at],
};

`;
/** That it is enough: events of the topic make rows and a value, which verify proves, and finds wrong where they are. */
const KIND_AT_WORK = `import { expect, it } from 'vitest';
import { registryOf } from '../../src/projections/registry.js';
import { embeddedService } from '../support/embedded/directory.js';
import { named, plant, verified } from '../support/planted-state.js';

const NOW = 1_795_000_000_000;
const DAY = 86_400_000;

it('works', async () => {
  const embedded = await embeddedService({ registry: registryOf({ sets: ['core', 'notes'] }), partitions: 1, clock: () => NOW });
  const wrote = (note_id: string, days: number) =>
    embedded.produce('note.written', { user_id: 'ann', note_id, written_at_ms: NOW - days * DAY });
  for (const [id, days] of [['a', 40], ['b', 30], ['c', 2], ['c', 1], ['d', 0]] as const) await wrote(id, days);
  await embedded.produce('tip.served', { user_id: 'ann', tip_id: 't1', served_at_ms: NOW - 1_000 });
  await embedded.catchUp();
  expect((await embedded.service.profile('ann', NOW)).features).toMatchObject({ notes_30d: 2 });
  const { effect } = await embedded.service.record({ topic: 'note.written', partition: 0, offset: 2 });
  expect(effect).toMatchObject({ kind: 'row', table: 'note', is_kept: true, counted_in: ['notes_30d'] });
  await embedded.stop();
  const found = async () => named(await verified(embedded, { asOfMs: NOW }));
  expect(await found()).toEqual([]);
  plant(embedded, 'ann', "UPDATE note SET written_at_ms = written_at_ms - 1 WHERE note_id = 'b'");
  expect(await found()).toContain('ann user note row');
});
`;

const NEW_POLICY = `/** steady: egreedy-v2 with a stronger prior. D = 12. */
import { egreedyV2 } from './egreedy-v2.js';
import type { PolicyDefinition } from './policy.js';

export const steady: PolicyDefinition = { ...egreedyV2, name: 'steady', hyperparameters: { lambda: 10, epsilon: 0.1 } };
`;

const NEW_PAGE = `/** Who is there. */
import type { StatusDocument } from '../../service/application.js';
import { usePolled } from '../state/use-polled.js';
import { Answer, Card } from '../view/small.js';

export default function Hello() {
  const status = usePolled<StatusDocument>('/v1/status');
  return <Answer of={status}>{({ group }) => <Card title={group}>Hello.</Card>}</Answer>;
}
`;

const FROM_SOURCES = ['--import', './test/support/typescript-register.mjs'];
const BUILD_PAGES = "import { buildPages } from './scripts/build-pages.mjs'; await buildPages(process.cwd());";

const tree = new TreeCopy();
beforeAll(() => tree.commit());
afterAll(() => tree.dispose());

/** Of a feature's definition, as it is in the copy. */
const hashInTree = async (feature: string) => (await tree.run(...FROM_SOURCES, '--input-type=module', '--eval', hashOf(feature))).trim();

it('a feature', async () => {
  tree.write('src/projections/features/dismissed_7d.ts', NEW_FEATURE);
  tree.edit('src/projections/registry.ts', [
    ['import { meanDwellMs30d }', "import { dismissed7d } from './features/dismissed_7d.js';\nimport { meanDwellMs30d }"],
    ['FURTHER_FEATURES: readonly FeatureDefinition[] = []', 'FURTHER_FEATURES: readonly FeatureDefinition[] = [dismissed7d]'],
  ]);
  const hash = await hashInTree('dismissed_7d');
  tree.edit('src/verify/naive-profile.ts', [
    ["  dismiss_rate_30d: '", `  dismissed_7d: '${hash}',\n  dismiss_rate_30d: '`],
    [
      '  const dwells: number[] = [];',
      '  const dismissed = tips.filter(({ dismiss }) => inWindow(dismiss) && asOfMs - dismiss <= 7 * DAY).length;\n' +
        '  const dwells: number[] = [];',
    ],
    ["  counted('dwell:tips'", "  counted('dismissed_7d', dismissed);\n  counted('dwell:tips'"],
    ['      dismiss_rate_30d: share', '      dismissed_7d: dismissed,\n      dismiss_rate_30d: share'],
  ]);
  tree.edit('docs/semantics.md', [
    ['| completion_rate_30d | tips', '| dismissed_7d | tips with a dismiss in the last 7 days | 0 |\n| completion_rate_30d | tips'],
  ]);

  expect(tree.touched()).toEqual(filesOfRecipe('A feature', 'dismissed_7d'));
  tree.commit();
});

it('a topic and a kind of rows', async () => {
  tree.edit('src/topics.ts', [
    ["  'tip.scored': {\n", `${NOTE_TOPIC}  'tip.scored': {\n`],
    ["FEATURE_SETS = ['core', 'activity']", "FEATURE_SETS = ['core', 'activity', 'notes']"],
  ]);
  tree.edit('src/events/feature-choice.ts', [["= 'core' | 'activity'", "= 'core' | 'activity' | 'notes'"]]);
  tree.edit('src/topic-schemas.ts', [
    ['const forgottenSchema', 'const noteSchema = z.object({ user_id: id, note_id: id, written_at_ms: timeMs });\n\nconst forgottenSchema'],
    ["  'tip.scored': scoredSchema,", "  'note.written': noteSchema,\n  'tip.scored': scoredSchema,"],
  ]);
  tree.edit('src/contracts/examples.ts', [["  'tip.scored': { minimal", `${NOTE_EXAMPLES}  'tip.scored': { minimal`]]);
  tree.write('src/projections/rows/note.ts', NEW_KIND);
  tree.write('src/projections/features/notes_30d.ts', FEATURE_OF_KIND);
  tree.edit('src/projections/registry.ts', [
    ['import { preferredCategory }', "import { notes30d } from './features/notes_30d.js';\nimport { preferredCategory }"],
    ['  activity: ACTIVITY_FEATURES,\n', '  activity: ACTIVITY_FEATURES,\n  notes: [notes30d],\n'],
  ]);
  const hash = await hashInTree('notes_30d');
  tree.edit('src/verify/naive-profile.ts', [["  active_days_30d: '", `  notes_30d: '${hash}',\n  active_days_30d: '`]]);
  tree.edit('src/verify/activity/naive-activity.ts', [
    ['/** By the names of their tables.', `${NAIVE_KIND}/** By the names of their tables.`],
    ['const KINDS = { session, signal };', 'const KINDS = { note, session, signal };'],
    ['{ session: sessions, signal: signals }: NaiveActivity', '{ note: notes, session: sessions, signal: signals }: NaiveActivity'],
    [
      '    sessions_30d: started.length,',
      '    notes_30d: notes.filter(({ at }) => at < asOfMs && asOfMs - at <= WINDOW).length,\n    sessions_30d: started.length,',
    ],
  ]);
  tree.edit('docs/semantics.md', [
    ['| completion_rate_30d | tips', '| notes_30d | notes written in W | 0 |\n| completion_rate_30d | tips'],
  ]);

  const named = [
    ...filesOfRecipe('An input topic', 'note'),
    ...filesOfRecipe('A kind of rows', 'note'),
    ...filesOfRecipe('A feature', 'notes_30d'),
  ];
  expect(tree.touched()).toEqual([...new Set(named)].sort());
  tree.commit();
});

it('the tests of what those two touched', async () => {
  tree.write('test/verify/note.service.test.ts', KIND_AT_WORK);
  tree.commit();
  await tree.vitest('unit', 'test/projections', 'test/topics', 'test/system/docs/reference', 'test/system/docs/links', 'test/http/profile');
  await tree.vitest('property', 'test/projections/sql', 'test/projections/aggregate');
  await tree.vitest('service', 'test/verify/definitions', 'test/verify/verify.service', 'test/verify/note', 'test/export/spine');
});

it('a policy', async () => {
  tree.write('src/policies/steady.ts', NEW_POLICY);
  tree.edit('src/policies/registry.ts', [
    ['import { SHADOW_SUFFIX', "import { steady } from './steady.js';\nimport { SHADOW_SUFFIX"],
    ['egreedyV4, linucb];', 'egreedyV4, linucb, steady];'],
  ]);
  await expect(tree.vitest('unit', 'test/system/docs/model-cards')).rejects.toThrow(/steady/);
  await tree.run('scripts/build.mjs');
  await tree.run(
    ...FROM_SOURCES,
    'scripts/cards.mjs',
    '--out',
    tree.scratch('cards'),
    '--users',
    '30',
    '--days',
    '45',
    '--simulated-users',
    '18',
  );
  tree.write('docs/models/steady.md', readFileSync(join(tree.scratch('cards'), 'steady.md'), 'utf8'));

  expect(tree.touched()).toEqual(filesOfRecipe('A policy', 'steady'));
  await tree.vitest('unit', 'test/policies', 'test/http/openapi', 'test/http/policies', 'test/cards', 'test/system/docs/model-cards');
  await tree.vitest('property', 'test/policies/migration', 'test/policies/revectorise');
  const document = JSON.parse(await tree.run('dist/cli/main.js', 'simulate', '--users', '6', '--days', '2', '--json')) as {
    policies: { policy: string }[];
  };
  expect(document.policies.map(({ policy }) => policy)).toContain('steady');
  tree.commit();
});

it('a page', async () => {
  tree.write('src/web/pages/hello.tsx', NEW_PAGE);
  tree.edit('src/web/pages.ts', [
    [
      "  { path: '/admin/features'",
      "  { path: '/admin/hello', title: 'Hello', load: () => import('./pages/hello.js') },\n  { path: '/admin/features'",
    ],
  ]);
  expect(tree.touched()).toEqual(filesOfRecipe('A page', 'hello'));
  await tree.run('--input-type=module', '--eval', BUILD_PAGES);
  expect(readdirSync(tree.path('dist/web/page')).filter((name) => /^hello-[\w-]{8}\.js$/.test(name))).toHaveLength(1);
  tree.commit();
});

it('all of them, with types and lint', async () => {
  await tree.lint();
  await tree.types();
});
