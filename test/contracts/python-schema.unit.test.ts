/** The Python module of the features is the registry's, and the vectors that it is held to are what the fold gives. */
import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PYTHON_SCHEMA, pythonSchema } from '../../src/contracts/python-schema.js';
import { compareCodePoints } from '../../src/events/strings.js';
import { isKnown } from '../../src/projections/aggregate.js';
import { aggregateAt } from '../../src/projections/as-of.js';
import { ProfileDigester } from '../../src/projections/digest.js';
import { coreRegistry, registryOf } from '../../src/projections/registry.js';
import type { OracleEvent } from '../oracle/profile.js';
import { asOfMs, eventOf, userId } from '../support/tip-generators.js';
import { UserTips } from '../support/user-tips.js';

const WIDER = registryOf({ sets: ['core', 'activity'] });
const ROOT = join(import.meta.dirname, '../..');

describe('profile_schema', () => {
  const written = readFileSync(join(ROOT, PYTHON_SCHEMA), 'utf8');

  it('is what `npm run contracts` writes', () => {
    expect(written).toBe(pythonSchema(coreRegistry, WIDER));
  });

  it('says of every feature what the registry says, read back another way', () => {
    const entries = [
      ...written.matchAll(/name=("[^\n]*"),\n\s*dtype=("[^\n]*"),\n\s*description=\(\n([^]*?)\n {8}\),\n\s*unit=("[^\n]*"),/g),
    ].map(([, name, dtype, description, unit]) => ({
      name: text(name!),
      dtype: text(dtype!),
      description: description!
        .split('\n')
        .map((line) => text(line.trim()))
        .join(''),
      unit: text(unit!),
    }));
    const named = ({ features }: typeof coreRegistry) =>
      features.map(({ name, dtype, description, unit }) => ({ name, dtype, description, unit }));
    expect(entries.slice(0, 8)).toEqual(named(coreRegistry));
    expect(entries.slice(8)).toEqual(named(WIDER).filter(({ name }) => !coreRegistry.names.includes(name)));
    expect(entries.slice(8).map(({ dtype }) => dtype)).toContain('object');
    expect(written).toContain(`ACTIVITY_FEATURE_SET: Final = "${WIDER.featureSet}"`);
    expect(written).toContain(`FEATURE_SET: Final = "${coreRegistry.featureSet}"`);
  });
});

const text = (literal: string) => JSON.parse(literal) as string;

/** One line a case, so that a changed case is one changed line. `npx vitest run --project unit test/contracts -u` writes them again. */
describe('the golden vectors of the feature maths', () => {
  const CASES = 60;
  const NUMBERS = [0, -0, 1, 0.1, 1 / 3, 84_000, 866_497.5, 1e-6, 1.5e-6, 1e-7, 2.5e-7, 123_456_789.125, 1e20, 1e21, 1.25e22, 5e-324];

  it('are what the fold gives', async () => {
    const history = fc.tuple(fc.array(eventOf(userId), { minLength: 1, maxLength: 24 }), asOfMs);
    const cases = fc
      .sample(history, { numRuns: CASES, seed: 13 })
      .map(([events, asOf]) => ({ as_of_ms: asOf, ...folded(events, asOf), events }));
    expect(cases.filter(({ profiles }) => Object.keys(profiles).length > 0).length).toBeGreaterThan(CASES / 3);
    const lines = [{ feature_set: coreRegistry.featureSet, numbers: NUMBERS.map((number) => [number, String(number)]) }, ...cases];
    await expect(`${lines.map((line) => JSON.stringify(line)).join('\n')}\n`).toMatchFileSnapshot(
      join(ROOT, 'python/tipstream-contract/tests/vectors.ndjson'),
    );
  });
});

function folded(events: readonly OracleEvent[], asOf: number) {
  const users = new Map<string, UserTips>();
  for (const event of events) {
    const user = users.get(event.value.user_id) ?? new UserTips();
    users.set(event.value.user_id, user);
    user.fold(event, asOf);
  }
  const digester = new ProfileDigester();
  const profiles: Record<string, unknown> = {};
  for (const [id, user] of [...users].sort(([a], [b]) => compareCodePoints(a, b))) {
    const aggregate = aggregateAt(coreRegistry, asOf, user.source(), user.aggregate);
    if (!isKnown(aggregate)) continue;
    digester.add(id, coreRegistry.values(aggregate));
    profiles[id] = coreRegistry.values(aggregate);
  }
  return { digest: digester.finish().digest, profiles };
}
