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
const HASH_OF_NEW = `
  import { defaultRegistry } from './src/projections/registry.ts';
  console.log(defaultRegistry.definitions.features.find(({ name }) => name === 'dismissed_7d').hash);`;

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

it('a feature', async () => {
  tree.write('src/projections/features/dismissed_7d.ts', NEW_FEATURE);
  tree.edit('src/projections/registry.ts', [
    ['import { meanDwellMs30d }', "import { dismissed7d } from './features/dismissed_7d.js';\nimport { meanDwellMs30d }"],
    ['FURTHER_FEATURES: readonly FeatureDefinition[] = []', 'FURTHER_FEATURES: readonly FeatureDefinition[] = [dismissed7d]'],
  ]);
  const hash = (await tree.run(...FROM_SOURCES, '--input-type=module', '--eval', HASH_OF_NEW)).trim();
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
  await tree.vitest('unit', 'test/projections', 'test/system/docs/reference', 'test/system/docs/links', 'test/http/profile');
  await tree.vitest('property', 'test/projections/sql', 'test/projections/aggregate');
  await tree.vitest('service', 'test/verify/definitions', 'test/verify/verify.service', 'test/export/spine');
  tree.commit();
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
