import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { connectionConfig, logCreatorFor } from '../../../src/log/kafka/options.js';

const folder = mkdtempSync(join(tmpdir(), 'tipstream-pem-'));
const pem = (name: string): string => {
  writeFileSync(join(folder, name), `-- ${name} --`);
  return join(folder, name);
};
afterAll(() => rmSync(folder, { recursive: true }));
const brokers = ['127.0.0.1:9092'];

describe('connectionConfig', () => {
  it('connects in the clear and without credentials unless told otherwise', async () => {
    expect(await connectionConfig({ brokers })).toEqual({ brokers, clientId: 'tipstream', connectionTimeout: 1000 });
    expect(await connectionConfig({ brokers, ssl: false, clientId: 'mine' })).toEqual({
      brokers,
      clientId: 'mine',
      connectionTimeout: 1000,
    });
  });

  it('reads the TLS files', async () => {
    const ssl = { caPath: pem('ca'), certPath: pem('cert'), keyPath: pem('key') };
    expect(await connectionConfig({ brokers, ssl })).toMatchObject({
      ssl: { ca: [Buffer.from('-- ca --')], cert: Buffer.from('-- cert --'), key: Buffer.from('-- key --') },
    });
    expect(await connectionConfig({ brokers, ssl: true })).toMatchObject({ ssl: true });
  });

  it('passes SASL on as it is', async () => {
    const sasl = { mechanism: 'scram-sha-512', username: 'u', password: 'p' } as const;
    expect(await connectionConfig({ brokers, sasl })).toMatchObject({ sasl });
  });

  it.each([
    ['no broker', { brokers: [] }],
    ['a broker without a port', { brokers: ['kafka'] }],
    ['a URL', { brokers: ['kafka://host:9092'] }],
    ['a certificate without its key', { brokers, ssl: { certPath: pem('alone') } }],
  ])('says invalid_argument for %s', async (_, options) => {
    await expect(connectionConfig(options)).rejects.toMatchObject({ code: 'invalid_argument' });
  });

  it('says of a missing file what every command says of one', async () => {
    const caPath = join(folder, 'none');
    await expect(connectionConfig({ brokers, ssl: { caPath } })).rejects.toMatchObject({
      code: 'not_found',
      message: `cannot read ${caPath}: there is no such file`,
      hint: expect.stringContaining('--kafka-ca') as string,
    });
  });
});

it("makes kafkajs' errors warnings and its news debug lines", () => {
  const lines: unknown[] = [];
  const write = logCreatorFor((level, message, fields) => lines.push([level, message, fields]))();
  const log = { timestamp: 'now', logger: 'kafkajs', message: 'Connection error', broker: 'b' };
  write({ namespace: 'Connection', level: 1, label: 'ERROR', log });
  write({ namespace: 'Runner', level: 4, label: 'INFO', log });
  write({ namespace: 'Connection', level: 1, label: 'ERROR', log: { ...log, message: 'Response Metadata(key: 3, version: 6)' } });
  expect(lines).toEqual([
    ['warn', 'kafkajs: Connection error', { broker: 'b', namespace: 'Connection' }],
    ['debug', 'kafkajs: Connection error', { broker: 'b', namespace: 'Runner' }],
    ['debug', 'kafkajs: Response Metadata(key: 3, version: 6)', { broker: 'b', namespace: 'Connection' }],
  ]);
});
