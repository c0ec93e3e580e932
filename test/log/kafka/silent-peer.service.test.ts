/** Something that takes connections and never answers as a broker would: a listener of another protocol, or a broker that hangs. */
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openKafkaLog } from '../../../src/log/kafka/kafka-log.js';

const sockets = new Set<Socket>();
const peer = createServer((socket) => {
  sockets.add(socket);
  socket.on('error', () => undefined);
});
let address: string;

beforeAll(async () => {
  await new Promise<void>((resolve) => peer.listen(0, '127.0.0.1', resolve));
  address = `127.0.0.1:${(peer.address() as AddressInfo).port}`;
});

afterAll(() => {
  for (const socket of sockets) socket.destroy();
  peer.close();
});

test('opening says that nobody answers, and that TLS or SASL may be why, in half a minute', { timeout: 60_000 }, async () => {
  const started = performance.now();
  const warnings: string[] = [];
  const opening = openKafkaLog({ brokers: [address], log: (level, message) => void (level === 'warn' && warnings.push(message)) });
  await expect(opening).rejects.toMatchObject({
    code: 'log_unavailable',
    message: expect.stringContaining('did not answer as a broker') as string,
    hint: expect.stringContaining('TLS or SASL') as string,
  });
  expect(performance.now() - started).toBeLessThan(30_000);
  expect(warnings).toContainEqual(expect.stringContaining('did not answer as a broker'));
});
