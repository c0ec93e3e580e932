/** A program that has only tipstream, and not @types/node, did not compile with skipLibCheck off. */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { ROOT } from '../system/docs/markdown.js';

const PROGRAM = `
import { createRegistry, defaultRegistry, openTipstream, TipstreamError, TOPICS, type RecordHeaders, type ServedEvent } from 'tipstream';
const served: ServedEvent = { tip_id: 'tip-1', user_id: 'ana', served_at_ms: 5 };
const headers: RecordHeaders = [['trace', new Uint8Array([1])], ['none', null]];
export async function program(): Promise<number | string | null | undefined> {
  const tipstream = await openTipstream({ registry: createRegistry(defaultRegistry.features) });
  const [address] = await tipstream.producer.send('tip.served', served, { headers });
  await tipstream.producer.sendAll([{ topic: 'tip.served', event: new Uint8Array() }]);
  const { changed } = await tipstream.rebuildProfile('ana');
  if (changed.length > 0 || address === undefined) throw new TipstreamError('internal', TOPICS['tip.scored'].schema.parse({}).user_id);
  const volume = (await tipstream.getProfile('ana', { asOf: new Date(0) })).features['tip_volume_30d'];
  return typeof volume === 'object' && volume !== null ? volume['mail'] : volume;
}
`;

test('a program compiles where no types of Node.js are', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'tipstream-types-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const installed = join(directory, 'node_modules', 'tipstream');
  mkdirSync(installed, { recursive: true });
  cpSync(join(ROOT, 'dist'), join(installed, 'dist'), { recursive: true, filter: (path) => !path.endsWith('.js') });
  cpSync(join(ROOT, 'package.json'), join(installed, 'package.json'));
  symlinkSync(join(ROOT, 'node_modules', 'zod'), join(directory, 'node_modules', 'zod'));
  writeFileSync(join(directory, 'package.json'), '{"type":"module"}');
  writeFileSync(join(directory, 'program.ts'), PROGRAM);
  const compilerOptions = { module: 'NodeNext', target: 'ES2022', strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false };
  writeFileSync(
    join(directory, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: { ...compilerOptions, types: [], noEmit: true, preserveSymlinks: true } }),
  );
  const compiled = await promisify(execFile)(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', directory]).then(
    () => '',
    (error: { stdout: string }) => error.stdout,
  );
  expect(compiled).toBe('');
});
