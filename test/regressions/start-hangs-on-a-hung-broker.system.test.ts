/** SIGTERM while starting against a broker that takes connections and never answers took 10 to 20 s, and exited with 143. */
import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { defaultRegistry } from '../../src/projections/registry.js';
import { ensureGeneration, partitionFile } from '../../src/store/directory/layout.js';
import { PartitionState } from '../../src/store/partition-state.js';
import { CliWorkspace } from '../support/cli-process.js';

let workspace: CliWorkspace;
let hung: Server;
let brokers: string;

beforeEach(async () => {
  workspace = new CliWorkspace();
  hung = createServer((socket) => socket.on('error', () => undefined).resume()).listen(0, '127.0.0.1');
  await once(hung, 'listening');
  brokers = `127.0.0.1:${(hung.address() as { port: number }).port}`;
});
afterEach(() => {
  workspace.dispose();
  hung.close();
});

test.each(['SIGTERM', 'SIGINT'] as const)('start ends with 0 soon after %s while no broker has answered', async (signal) => {
  const child = workspace.start(['start', '--brokers', brokers, '--no-http', '--log-timeout-ms', '500']);
  child.stdout.resume();
  await new Promise((resolve) => child.stderr.on('data', (piece: Buffer) => piece.includes('start tries again') && resolve(undefined)));
  const beganMs = performance.now();
  child.kill(signal);
  const [code] = (await once(child, 'exit')) as [number | null];
  expect(code).toBe(0);
  expect(performance.now() - beganMs).toBeLessThan(5_000);
});

test('start without a broker says that it tries again, and ends with 1 when its time is up', async () => {
  const args = ['start', '--brokers', brokers, '--no-http', '--log-timeout-ms', '300', '--start-timeout-ms', '2500'];
  const { code, stdout, stderr } = await workspace.run(args);
  expect([code, stdout]).toEqual([1, '']);
  const lines = stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { level: number; msg: string; hint?: string });
  expect(lines.map(({ msg }) => msg).join('\n')).toContain(`Kafka at ${brokers} does not answer yet; start tries again`);
  const fatal = lines.find(({ level }) => level === 60);
  expect(fatal?.msg).toBe(`Kafka at ${brokers} did not answer within 2.5 s: could not connect [log_unavailable]`);
  expect(fatal?.hint).toContain('--start-timeout-ms');
});

test.each([['lag'], ['topics', 'check'], ['tail', 'tip.served'], ['produce'], ['verify'], ['rollback', '--reason', 'x']])(
  '%s names the brokers that do not answer, and ends in time',
  async (...command) => {
    makeState(); // verify looks at it before it asks the log
    const beganMs = performance.now();
    const { code, stderr } = await workspace.run([...command, '--brokers', brokers, '--log-timeout-ms', '500']);
    expect([code, stderr]).toEqual([1, expect.stringContaining(brokers)]);
    expect(stderr).toContain('[log_unavailable]');
    expect(performance.now() - beganMs).toBeLessThan(15_000);
  },
);

/** Of one partition, as a start on Kafka leaves it. */
function makeState(): void {
  const path = partitionFile(ensureGeneration(join(workspace.directory, 'data')), 0);
  const identity = { partition: 0, partitions: 1, log: 'kafka', topicPrefix: '', featureSet: defaultRegistry.featureSet } as const;
  new PartitionState(path, identity, defaultRegistry).close();
}
