/** The body of a process of its own that opens a log and does what its parent asks; `log-process-client.ts` is the other end. */
import type { Log } from '../../../src/log/port.js';
import type { Request, Response } from './process-client.js';

const [modulePath, argument] = process.argv.slice(2) as [string, string];
const { openLog } = (await import(modulePath)) as { openLog(argument: string): Promise<Log> };
const log = await openLog(argument);
const respond = (response: Response) => process.send?.(response);

async function tail(request: Extract<Request, { kind: 'tail' }>): Promise<void> {
  const { topic, partition, from } = request;
  for await (const records of log.read({ topic, partition, from })) {
    respond({
      kind: 'records',
      id: request.id,
      atMs: Date.now(),
      values: records.map((record) => record.value?.toString() ?? 'tombstone'),
    });
  }
}

async function answer(request: Request): Promise<void> {
  if (request.kind === 'tail') return tail(request);
  if (request.kind === 'append') {
    const { topic, partition } = request;
    const addresses = await log.append(request.values.map((value) => ({ topic, partition, key: null, value: Buffer.from(value) })));
    respond({ kind: 'appended', id: request.id, offsets: addresses.map((address) => address.offset) });
    return;
  }
  respond({ kind: 'committed', id: request.id, offsets: [...(await log.committed(request.group, request.topic))] });
}

process.on('message', (request: Request) => {
  answer(request).catch((error: unknown) => respond({ kind: 'error', id: request.id, message: String(error) }));
});
process.on('disconnect', () => process.exit(0));
respond({ kind: 'ready', id: 0 });
