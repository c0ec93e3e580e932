/** Files beside the built-in sets: what names them, and what they are called. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config.js';
import { withDefinitions } from '../../src/definitions/choice.js';
import { definedFeatures } from '../../src/projections/defined/feature.js';
import { coreRegistry, registryOf } from '../../src/projections/registry.js';

const folder = mkdtempSync(join(tmpdir(), 'tipstream-features-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string | Uint8Array): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}
const chosen = (features: string) => withDefinitions(loadConfig({ features }, {}).features);
const setOf = (features: string) => registryOf(chosen(features));

const WORK = `{"name": "work_7d", "description": "Work.", "unit": "tips", "topic": "tip.served", "shape": "count",
  "filter": {"category": "work", "source": {"in": ["b", "a"]}}, "window": "7d"}`;
const LAST = `{"name": "last_action", "description": "Last.", "unit": "action", "topic": "tip.feedback", "shape": "latest",
  "field": "action", "window": "30d", "ttl": "1h"}`;
const first = file('first.json', `{"features": [${WORK}, ${LAST}]}`);
const again = file(
  'again.yaml',
  `# the same, in another order and spelling
features:
  - {name: last_action, unit: action, topic: tip.feedback, shape: latest, field: action, window: 720h, ttl: 2h, description: "Other."}
  - name: work_7d
    window: 604800000
    filter:
      source: {in: [a, b, a]}
      category: {in: [work]}
    shape: count
    topic: tip.served
    unit: tips
    description: Another description.
`,
);

describe('--features', () => {
  it('names sets, and files beside them', () => {
    expect(loadConfig({ features: 'core, ./a.json,b.YML' }, {}).features).toEqual({
      sets: ['core'],
      files: ['./a.json', 'b.YML'],
      definitions: [],
    });
    expect(() => loadConfig({ features: './a.json' }, {})).toThrow('must be core');
    expect(() => loadConfig({ features: 'core,a.toml' }, {})).toThrow('.json, .yaml or .yml');
  });

  it('without a file, is what it was', () => {
    expect(setOf('core').featureSet).toBe(coreRegistry.featureSet);
    expect(setOf('core').kinds).toEqual([]);
  });

  it('with files that mean the same, has one hash', () => {
    const set = setOf(`core,${first}`);
    expect(set.names).toContain('work_7d');
    expect(set.featureSet).not.toBe(coreRegistry.featureSet);
    expect(setOf(`core,${again}`).featureSet).toBe(set.featureSet);
    const [one, other] = [file('one.json', `{"features": [${LAST}]}`), file('other.json', `{"features": [${WORK}]}`)];
    expect(setOf(`core,${one},${other}`).featureSet).toBe(set.featureSet);
  });

  it.each([
    ['window', '"window": "7d"', '"window": "6d"'],
    ['filter', '"category": "work"', '"category": "home"'],
    ['blanks in a text', '"category": "work"', '"category": "work  "'],
    ['shape', '"shape": "latest"', '"shape": "mode"'],
    ['unit', '"unit": "tips"', '"unit": "things"'],
    ['name', 'work_7d', 'work_week'],
  ])('another %s is another set', (_, from, to) => {
    const text = `{"features": [${WORK}, ${LAST}]}`;
    const changed = text.replace(from, to);
    expect(changed).not.toBe(text);
    expect(setOf(`core,${file('changed.json', changed)}`).featureSet).not.toBe(setOf(`core,${first}`).featureSet);
  });

  it('keeps identity, time and the fields that are named, and nothing else', () => {
    const columns = Object.fromEntries(setOf(`core,${first}`).kinds.map(({ kind }) => [kind.name, kind.columns.map(([name]) => name)]));
    expect(columns).toEqual({
      tip_feedback: ['tip_id', 'action', 'reacted_at_ms'],
      tip_served: ['tip_id', 'served_at_ms', 'source', 'category'],
    });
  });

  it('refuses a name of a built-in set or of another file, a file that is not there, and one that is no text', () => {
    const core = file('core.json', `{"features": [${WORK.replace('work_7d', 'tip_volume_30d')}]}`);
    expect(() => chosen(`core,${core}`)).toThrow(`${core}:1:24: features[0].name: tip_volume_30d is the name of a feature of the set core`);
    const activity = file('activity.json', `{"features": [${WORK.replace('work_7d', 'sessions_30d')}]}`);
    expect(() => chosen(`core,${activity}`)).toThrow('sessions_30d is the name of a feature of the set activity');
    expect(() => chosen(`core,${first},${again}`)).toThrow(`last_action is the name of a feature of ${first}`);
    expect(() => chosen('core,./nowhere.yaml')).toThrow('./nowhere.yaml cannot be read: there is no such file');
    expect(() => chosen(`core,${file('bytes.yaml', Uint8Array.of(0xff, 0xfe))}`)).toThrow('it is not UTF-8');
  });
});

describe('the SQL of texts', () => {
  it('has no part that means something to others', () => {
    const one = chosen(`core,${first}`).definitions[0]!;
    const sqlOf = (value: string) => definedFeatures([{ ...one, filter: [{ field: 'category', is: 'in', values: [value] }] }])[0]!.sql;
    expect(sqlOf('work')).toContain("category = 'work'");
    for (const value of ["it's", 'a;b', ':as_of_ms', 'a  b', 'a\nb', ' a', '--', '/*', '\ud800'])
      expect(sqlOf(value), value).toMatch(/category = (CAST\(x'[0-9a-f]+' AS TEXT\)|x'[0-9a-f]+')$/m);
  });
});
