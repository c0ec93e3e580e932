/** What a file of features may say, and that everything else is refused with line, column and what to do. */
import { describe, expect, it } from 'vitest';
import { readDefinitions } from '../../src/definitions/file.js';
import { TipstreamError } from '../../src/errors.js';

const YAML = `# two features
features:
  - name: work_tips_7d
    description: Tips of the category work served in the last 7 days.
    unit: tips
    topic: tip.served
    shape: count
    filter: {category: work}
    window: 7d
  - name: late_share_36h
    description: Share of the reactions in the last 36 hours that came from far east.
    unit: ratio
    topic: tip.feedback
    shape: rate
    filter: {action: {in: [done, snooze]}}
    counts: {utc_offset_min: {gte: 300, lt: 840}}
    window: 36h
    ttl: 1h
`;

const JSON_TEXT = JSON.stringify({
  features: [
    {
      name: 'late_share_36h',
      counts: { utc_offset_min: { lt: 840, gte: 300 } },
      window: 36 * 3_600_000,
      ttl: '60min',
      filter: { action: { in: ['snooze', 'done', 'done'] } },
      shape: 'rate',
      topic: 'tip.feedback',
      unit: 'ratio',
      description: 'Share of the reactions in the last 36 hours that came from far east.',
    },
    {
      window: '168h',
      name: 'work_tips_7d',
      topic: 'tip.served',
      shape: 'count',
      unit: 'tips',
      filter: { category: { in: ['work'] } },
      description: 'Tips of the category work served in the last 7 days.',
    },
  ],
});

describe('a file of features', () => {
  it('means the same in YAML and in JSON, in any order and spelling', () => {
    const [fromYaml, fromJson] = [readDefinitions(YAML, 'f.yaml'), readDefinitions(JSON_TEXT, 'f.json')];
    expect(fromYaml).toEqual([...fromJson].reverse());
    expect(fromYaml[1]).toEqual({
      name: 'late_share_36h',
      description: 'Share of the reactions in the last 36 hours that came from far east.',
      unit: 'ratio',
      topic: 'tip.feedback',
      shape: 'rate',
      field: null,
      filter: [{ field: 'action', is: 'in', values: ['done', 'snooze'] }],
      counts: [
        { field: 'utc_offset_min', is: 'gte', value: 300 },
        { field: 'utc_offset_min', is: 'lt', value: 840 },
      ],
      windowMs: 129_600_000,
      ttlMs: 3_600_000,
    });
  });

  const feature = (lines: string) => `features:
  - name: one
    description: One.
    unit: tips
    topic: tip.served
    window: 7d
${lines.replace(/^/gm, '    ')}
`;
  const wrong: readonly (readonly [what: string, text: string, message: string, hint: string])[] = [
    ['text that is no YAML', 'features: [1,\n', 'f.yaml:2:1: ', 'Mend the JSON or YAML'],
    ['JSON that ends early', '{"features": [{"name": "a",\n  "unit"', 'f.yaml:2:9: ', 'Mend the JSON or YAML'],
    ['a key twice', 'features: []\nfeatures: []\n', 'f.yaml:2:1: Map keys must be unique', 'Mend'],
    ['a tag', 'features: !feature []\n', 'f.yaml:1:11: Unresolved tag: !feature', 'Mend'],
    ['an alias to nothing', 'features: *nothing\n', 'f.yaml:1:1: Unresolved alias', 'in full'],
    ['nothing', '', 'f.yaml:1:1: must be an object with the key features', ''],
    ['a list', '- name: a\n', 'f.yaml:1:1: must be an object with the key features', ''],
    ['no feature', 'features: []\n', 'f.yaml:1:11: features: must have a feature', ''],
    ['an unknown key', feature('shape: count\nfeild: category'), 'f.yaml:8:5: features[0].feild: is not a key', 'Did you mean field?'],
    ['an unknown key at the top', 'feature: []\nfeatures: []', 'f.yaml:1:1: feature: is not a key', 'Did you mean features?'],
    ['a key that is missing', feature('filter: {}'), 'f.yaml:2:5: features[0].shape: must be one of count, rate', 'Add shape.'],
    ['an unknown shape', feature('shape: sum'), 'f.yaml:7:12: features[0].shape: must be one of count, rate, mean', ''],
    [
      'a misspelt field',
      feature('shape: mode\nfield: categry'),
      'f.yaml:8:12: features[0].field: tip.served has no field "categry"',
      'Did you mean category?',
    ],
    [
      'a misspelt field of a filter',
      feature('shape: count\nfilter:\n  polcy: a'),
      'f.yaml:9:7: features[0].filter.polcy: tip.served has no field "polcy"',
      'Did you mean policy?',
    ],
    ['user_id', feature('shape: mode\nfield: user_id'), 'features[0].field: user_id is the same', 'another field'],
    [
      'a field of text for a mean',
      feature('shape: mean\nfield: category'),
      'f.yaml:8:12: features[0].field: category is text, and a mean needs numbers',
      'served_at_ms, utc_offset_min',
    ],
    ['a mode without a field', feature('shape: mode'), 'f.yaml:2:5: features[0]: a mode needs the field', 'Add field: one of tip_id,'],
    ['a count with a field', feature('shape: count\nfield: category'), 'f.yaml:8:12: features[0].field: a count is of events', 'Remove it'],
    ['a rate without counts', feature('shape: rate'), 'f.yaml:2:5: features[0]: a rate needs counts', 'Add counts'],
    [
      'a count with counts',
      feature('shape: count\ncounts: {category: a}'),
      'f.yaml:8:13: features[0].counts: only a rate has counts',
      'filter',
    ],
    [
      'a number for a text',
      feature('shape: count\nfilter: {category: 5}'),
      'f.yaml:8:24: features[0].filter.category: category is text, not 5',
      'Write "5" in quotes.',
    ],
    [
      'a text for a number',
      feature('shape: count\nfilter: {utc_offset_min: "5"}'),
      'f.yaml:8:30: features[0].filter.utc_offset_min: utc_offset_min is a whole number',
      'without quotes',
    ],
    [
      'a fraction for a whole number',
      feature('shape: count\nfilter: {utc_offset_min: {in: [1, 0.5]}}'),
      'f.yaml:8:39: features[0].filter.utc_offset_min.in[1]: utc_offset_min is a whole number, not 0.5',
      '',
    ],
    [
      'null',
      feature('shape: count\nfilter: {category: null}'),
      'f.yaml:8:24: features[0].filter.category: must not be null',
      '{present: false}',
    ],
    [
      'a list for a value',
      feature('shape: count\nfilter: {category: [a]}'),
      'f.yaml:8:24: features[0].filter.category: must be one value, not a list',
      '{in: [...]}',
    ],
    [
      'an empty list',
      feature('shape: count\nfilter: {category: {in: []}}'),
      'f.yaml:8:29: features[0].filter.category.in: must have a value',
      '',
    ],
    [
      'an unknown comparison',
      feature('shape: count\nfilter: {utc_offset_min: {gt: 5, lwt: 3}}'),
      'f.yaml:8:38: features[0].filter.utc_offset_min.lwt: is not a key',
      'Did you mean lt?',
    ],
    [
      'a comparison of texts',
      feature('shape: count\nfilter: {category: {gt: 5}}'),
      'f.yaml:8:29: features[0].filter.category.gt: category is text',
      '{in: [...]}',
    ],
    [
      'a comparison that says nothing',
      feature('shape: count\nfilter: {category: {}}'),
      'f.yaml:8:24: features[0].filter.category: says nothing',
      'present',
    ],
    [
      'infinity',
      feature('shape: count\nfilter: {utc_offset_min: {gt: .inf}}'),
      'features[0].filter.utc_offset_min.gt: must be a number',
      '',
    ],
  ];
  it.each(wrong)('with %s is refused', (_, text, message, hint) => {
    const error = refusalOf(text);
    expect(error.code).toBe('invalid_argument');
    expect(error.message).toContain(message);
    expect(error.hint).toContain(hint);
    expect(error.hint).not.toBe('');
  });

  const changed = (from: string, to: string) => YAML.replace(from, to);
  it.each([
    [
      'a window beyond the retention',
      changed('window: 7d', 'window: 31d'),
      'f.yaml:9:13: features[0].window: 31 d is more than 30 d',
      'Make it 30d or less.',
    ],
    ['a window of nothing', changed('window: 7d', 'window: 0'), 'f.yaml:9:13: features[0].window: must be longer', ''],
    ['a fraction of a millisecond', changed('window: 7d', 'window: 0.5'), 'f.yaml:9:13: features[0].window: 0.5 is not a duration', '36h'],
    ['a duration in weeks', changed('window: 7d', 'window: 1w'), 'f.yaml:9:13: features[0].window: "1w" is not a duration', '36h'],
    ['a ttl beyond a year', changed('ttl: 1h', 'ttl: 400d'), 'f.yaml:18:10: features[1].ttl: 400 d is more than 365 d', ''],
    ['a name in capitals', changed('work_tips_7d', 'Work'), 'f.yaml:3:11: features[0].name: "Work" is not a name', 'lower-case'],
    ['the name of a column', changed('work_tips_7d', 'as_of_ms'), 'f.yaml:3:11: features[0].name: as_of_ms is a column', ''],
    [
      'a name twice',
      changed('late_share_36h', 'work_tips_7d'),
      'f.yaml:10:11: features[1].name: work_tips_7d is the name of a feature of this file already, at features[0]',
      'another name',
    ],
    [
      'a name of the core set',
      changed('late_share_36h', 'tip_volume_30d'),
      'f.yaml:10:11: features[1].name: tip_volume_30d is the name of a feature of the set core',
      'another name',
    ],
    [
      'a topic that is not folded',
      changed('topic: tip.served', 'topic: tip.serve'),
      'f.yaml:6:12: features[0].topic: features cannot be defined over "tip.serve"',
      'Did you mean tip.served?',
    ],
    [
      'a value that a field never has',
      changed('done, snooze', 'done, snoze'),
      'features[1].filter.action.in[1]: action is never "snoze"',
      'Did you mean snooze?',
    ],
  ])('with %s is refused', (_, text, message, hint) => {
    const error = refusalOf(text);
    expect(error.message).toContain(message);
    expect(error.hint).toContain(hint);
  });

  it('tells all problems in the order of lines, and the rest in numbers', () => {
    const text = changed('window: 7d', 'window: 70d')
      .replace('action:', 'acton:')
      .replace('topic: tip.feedback', 'topic: tip.feedback\n    colour: red');
    expect(refusalOf(text).message.split('\n')).toEqual([expect.stringContaining('f.yaml:14:5: features[1].colour')]);
    const two = changed('window: 7d', 'window: 70d').replace('action:', 'acton:');
    expect(refusalOf(two).message.split('\n')).toEqual([expect.stringContaining('f.yaml:9:13:'), expect.stringContaining('f.yaml:15:14:')]);
    expect(refusalOf(two).details).toMatchObject({
      file: 'f.yaml',
      problems: [
        { line: 9, column: 13 },
        { line: 15, column: 14 },
      ],
    });
  });
});

function refusalOf(text: string): TipstreamError {
  try {
    readDefinitions(text, 'f.yaml', new Map([['tip_volume_30d', 'of the set core']]));
  } catch (error) {
    if (error instanceof TipstreamError) return error;
    throw error;
  }
  throw new Error('it was read');
}
