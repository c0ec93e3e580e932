import { describe, expect, test } from 'vitest';
import { OPTIONS, OPTION_NAMES, loadConfig } from '../src/config.js';
import { UsageError } from '../src/errors.js';

describe('the table', () => {
  test('every option has its own flag and variable, and a default that its schema takes', () => {
    expect(new Set(OPTION_NAMES.map((name) => OPTIONS[name].flag.split(' ')[0])).size).toBe(OPTION_NAMES.length);
    expect(new Set(OPTION_NAMES.map((name) => OPTIONS[name].env)).size).toBe(OPTION_NAMES.length);
    expect(() => loadConfig({}, {})).not.toThrow();
  });

  test('a flag gives the name under which it is found', () => {
    for (const name of OPTION_NAMES) {
      const flag = OPTIONS[name].flag.split(' ')[0]!.slice(2);
      expect(flag.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())).toBe(name);
    }
  });
});

describe('where a value comes from', () => {
  test('defaults', () => {
    expect(loadConfig({}, {})).toMatchObject({
      data: './data',
      log: 'sqlite',
      brokers: undefined,
      topicPrefix: '',
      partitions: 4,
      group: 'tipstream',
      http: { host: '127.0.0.1', port: 8080 },
      epsilon: 0.1,
      salt: '0',
      shadow: 'off',
      shadowLearning: false,
      maxBatchRecords: 50_000,
      partitioner: 'murmur2',
      untilCaughtUp: false,
    });
  });

  test('a flag beats a variable, which beats the default; an empty variable is none', () => {
    const env = { TIPSTREAM_PARTITIONS: '8', TIPSTREAM_DATA: '' };
    expect(loadConfig({ partitions: '12' }, env).partitions).toBe(12);
    expect(loadConfig({}, env)).toMatchObject({ partitions: 8, data: './data' });
    expect([...loadConfig({ partitions: '12' }, env).given]).toEqual(['partitions']);
    expect([...loadConfig({}, env).given]).toEqual(['partitions']);
  });

  test('options of groups that a command does not have keep their defaults', () => {
    expect(loadConfig({}, { TIPSTREAM_HTTP: 'nonsense', TIPSTREAM_GROUP: 'x' }, ['log'])).toMatchObject({
      group: 'tipstream',
      http: { port: 8080 },
    });
  });

  test('switches', () => {
    expect(loadConfig({ untilCaughtUp: true, http: false, publishProfiles: false }, {})).toMatchObject({
      untilCaughtUp: true,
      http: null,
      publishProfiles: false,
    });
    expect(loadConfig({}, { TIPSTREAM_UNTIL_CAUGHT_UP: 'yes', TIPSTREAM_HTTP: 'off' })).toMatchObject({ untilCaughtUp: true, http: null });
    expect(loadConfig({ shadowLearning: false }, { TIPSTREAM_SHADOW_LEARNING: 'true' }).shadowLearning).toBe(false);
  });
});

describe('which log', () => {
  const cases: [flags: object, env: Record<string, string>, log: string][] = [
    [{}, {}, 'sqlite'],
    [{ brokers: 'a:1' }, {}, 'kafka'],
    [{}, { KAFKA_BROKERS: 'a:1' }, 'kafka'],
    [{ log: 'sqlite' }, { KAFKA_BROKERS: 'a:1' }, 'sqlite'],
    [{ log: 'sqlite', brokers: 'a:1' }, {}, 'sqlite'],
    [{ brokers: 'a:1' }, { TIPSTREAM_LOG: 'sqlite' }, 'kafka'],
    [{}, { TIPSTREAM_LOG: 'sqlite', KAFKA_BROKERS: 'a:1' }, 'sqlite'],
    [{ log: 'kafka' }, { KAFKA_BROKERS: 'a:1' }, 'kafka'],
  ];
  test.each(cases)('%j %j: %s', (flags, env, log) => {
    expect(loadConfig(flags as Record<string, unknown>, env).log).toBe(log);
  });

  test('brokers get the usual port', () => {
    expect(loadConfig({ brokers: 'one, two:9093 ,[::1]' }, {}).brokers).toEqual(['one:9092', 'two:9093', '[::1]:9092']);
  });
});

describe('what makes no sense is a usage error that names its source', () => {
  const cases: [flags: object, env: Record<string, string>, message: RegExp][] = [
    [{ partitions: '0' }, {}, /^--partitions must be at least 1, not "0"$/],
    [{ partitions: '4.5' }, {}, /^--partitions must be a whole number/],
    [{}, { TIPSTREAM_PARTITIONS: 'many' }, /^TIPSTREAM_PARTITIONS must be a whole number/],
    [{ data: '' }, {}, /^--data must not be empty/],
    [{ log: 'redis' }, {}, /^--log must be sqlite or kafka/],
    [{ log: 'kafka' }, {}, /^--log kafka needs to know the brokers/],
    [{ brokers: ',' }, {}, /^--brokers must name a broker/],
    [{}, { KAFKA_BROKERS: 'http://x' }, /^KAFKA_BROKERS must be HOST:PORT/],
    [{ http: '8080' }, {}, /^--http must be HOST:PORT/],
    [{ http: 'a:70000' }, {}, /^--http must be HOST:PORT/],
    [{ epsilon: '1.5' }, {}, /^--epsilon must be a number from 0 to 1/],
    [{ topicPrefix: 'a/b' }, {}, /^--topic-prefix must consist of/],
    [{ kafkaSaslMechanism: 'plain' }, {}, /^--kafka-sasl-mechanism needs a user and a password/],
  ];
  test.each(cases)('%j %j', (flags, env, message) => {
    const load = () => loadConfig(flags as Record<string, unknown>, env);
    expect(load).toThrow(UsageError);
    expect(load).toThrow(message);
  });

  test('a secret is not repeated', () => {
    expect(() => loadConfig({ httpToken: '' }, {})).toThrow(/^--http-token must not be empty$/);
  });
});

describe('--retain', () => {
  test.each([
    ['90d', 7_776_000_000],
    ['2160h', 7_776_000_000],
    ['7776000000', 7_776_000_000],
    ['7776000000ms', 7_776_000_000],
    ['31d', 2_678_400_000],
    ['744h', 2_678_400_000],
    ['36500d', 3_153_600_000_000],
  ])('%s', (text, ms) => {
    expect(loadConfig({ retain: text }, {}).retain).toBe(ms);
  });

  test('is 90 days unless given', () => {
    expect(loadConfig({}, {}).retain).toBe(7_776_000_000);
    expect(loadConfig({}, { TIPSTREAM_RETAIN: '40d' }).retain).toBe(3_456_000_000);
  });

  test.each([
    ['30d', 'must be at least 31d: profiles look back 30 days'],
    ['2678399999', 'must be at least 31d'],
    ['90', 'must be at least 31d'],
    ['36501d', 'must be at most 36500d'],
    ['999999999999999d', 'must be at most 36500d'],
    ['90 d', 'must be a duration such as 90d'],
    ['3w', 'must be a duration such as 90d'],
    ['-90d', 'must be a duration'],
    ['1e10', 'must be a duration'],
    ['90.5d', 'must be a duration'],
    ['', 'must be a duration'],
  ])('refuses %j', (text, message) => {
    expect(() => loadConfig({ retain: text }, {})).toThrow(UsageError);
    expect(() => loadConfig({ retain: text }, {})).toThrow(`--retain ${message}`);
  });
});
