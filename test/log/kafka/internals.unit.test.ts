import { createRequire } from 'node:module';
import { expect, it } from 'vitest';
import { KAFKAJS_VERSION, refuseOtherVersion } from '../../../src/log/kafka/internals.js';

it('another version of kafkajs than the one whose internals are used is refused by its number', () => {
  expect(() => refuseOtherVersion('2.3.0')).toThrow(/kafkajs 2\.3\.0 is installed, but tipstream uses internals of 2\.2\.4/);
  expect(() => refuseOtherVersion(KAFKAJS_VERSION)).not.toThrow();
});

it('the version is the one that the package pins', () => {
  const { dependencies } = createRequire(import.meta.url)('../../../package.json') as { dependencies: Record<string, string> };
  expect(dependencies.kafkajs).toBe(KAFKAJS_VERSION);
});
