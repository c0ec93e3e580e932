/** The data directory: the room on its disk, and a rebuild that works in it. */
import { statfs } from 'node:fs/promises';
import type { Registry } from 'prom-client';
import { collectedGauge } from './collected-gauge.js';

export interface DirectoryMetricsDeps {
  readonly dataDirectory: string;
  /** Share of the log that an unfinished rebuild has folded, 0 to 1; undefined: there is none. */
  readonly rebuildProgress: () => number | undefined;
}

export function directoryMetrics(registry: Registry, { dataDirectory, rebuildProgress }: DirectoryMetricsDeps): void {
  const ofDisk = (name: string, help: string, of: 'bavail' | 'blocks'): void =>
    collectedGauge(registry, { name, help }, async (set) => {
      const disk = await statfs(dataDirectory).catch(() => undefined);
      if (disk !== undefined) set({}, disk[of] * disk.bsize);
    });
  ofDisk('tipstream_disk_free_bytes', 'Room left on the disk of the data directory', 'bavail');
  ofDisk('tipstream_disk_size_bytes', 'Size of the disk of the data directory', 'blocks');
  collectedGauge(
    registry,
    {
      name: 'tipstream_rebuild_progress_ratio',
      help: 'Share of the log that an unfinished `tipstream rebuild` of the data directory has folded, 0 to 1; absent without one',
    },
    (set) => {
      const share = rebuildProgress();
      if (share !== undefined) set({}, share);
    },
  );
}
