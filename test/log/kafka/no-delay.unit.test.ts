/** A small request does not wait in the socket for the acknowledgement of the request before it. */
import { createServer, Socket, type AddressInfo } from 'node:net';
import { afterEach, expect, it, vi } from 'vitest';
import { openKafkaLog } from '../../../src/log/kafka/kafka-log.js';

afterEach(() => {
  vi.restoreAllMocks();
});

it('tells every socket to send at once', async () => {
  const asked = vi.spyOn(Socket.prototype, 'setNoDelay');
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await expect(openKafkaLog({ brokers: [`127.0.0.1:${port}`], connectsWithinMs: 200 })).rejects.toMatchObject({ code: 'log_unavailable' });
  server.close();
  expect(asked).toHaveBeenCalledWith(true);
});
