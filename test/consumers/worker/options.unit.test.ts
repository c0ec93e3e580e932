import { expect, it } from 'vitest';
import { loadConfig, OPTIONS, OPTION_NAMES } from '../../../src/config.js';
import { workerOptions } from '../../../src/consumers/worker/options.js';

const scoring = { livePolicy: 'egreedy-v1', settings: { epsilon: 0.1, salt: '0', shadow: null, shadowLearning: false } };

it('a worker is given the options that are marked as its own, and nothing that cannot be cloned', () => {
  const config = loadConfig({ group: 'one', retain: '40d' }, {});
  const options = workerOptions({ ...config, scoring, clock: Date.now } as Parameters<typeof workerOptions>[0]);
  const marked = OPTION_NAMES.filter((name) => 'worker' in OPTIONS[name]);
  expect(Object.keys(options).sort()).toEqual([...marked, 'scoring'].sort());
  expect(structuredClone(options)).toMatchObject({ group: 'one', retain: 40 * 86_400_000, scoring });
});
