/** With the set activity: its topics are looked at, and a feature that is an object is named as one of which nothing is said. */
import { expect, it } from 'vitest';
import { qualityFamily } from '../../src/cli/commands/quality/quality.js';
import type { QualityDocument } from '../../src/monitoring/documents.js';
import { runCommand } from '../support/cli-in-process.js';
import { newDirectory } from '../support/embedded/directory.js';
import { registryOf } from '../../src/projections/registry.js';
import { EmbeddedService } from '../support/embedded/service.js';
import { fill, HOUR_MS, QUALITY_AS_OF_MS, written } from '../support/embedded/quality-world.js';

it('is of sessions and signals too', async () => {
  const embedded = await EmbeddedService.open(newDirectory(), {
    partitions: 1,
    registry: registryOf({ sets: ['core', 'activity'] }),
    clock: () => QUALITY_AS_OF_MS,
  });
  try {
    const atMs = QUALITY_AS_OF_MS - HOUR_MS;
    await fill(embedded, [
      written('tip.served', { tip_id: 't', user_id: 'ana', served_at_ms: atMs }, atMs),
      written('app.session', { user_id: 'ana', session_id: 's', started_at_ms: atMs - 60_000, ended_at_ms: atMs }, atMs),
      written('signal.synced', { user_id: 'ana', source: 'calendar', synced_at_ms: atMs }, atMs),
    ]);
    const argv = ['quality', '--json', '--as-of', String(QUALITY_AS_OF_MS), '--data', embedded.directory, '--features', 'core,activity'];
    const { code, stdout, stderr } = await runCommand([qualityFamily], argv);
    expect(code, stderr).toBe(0);
    const { features, skipped, topics } = JSON.parse(stdout) as QualityDocument;
    expect(features.map(({ name }) => name)).toEqual(expect.arrayContaining(['sessions_30d', 'typical_session_ms', 'tip_volume_30d']));
    expect(features.find(({ name }) => name === 'typical_session_ms')).toMatchObject({ n: 1, nulls: 0, summary: { min: 60_000 } });
    expect(skipped).toEqual([{ name: 'signal_age_ms_by_source', reason: 'its values are neither numbers nor categories' }]);
    expect(topics.map(({ topic, records }) => [topic, records])).toEqual(
      expect.arrayContaining([
        ['app.session', 1],
        ['signal.synced', 1],
      ]),
    );
  } finally {
    await embedded.close();
  }
});
