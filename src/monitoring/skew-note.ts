/** `quality-skew.json` in the data directory: what `quality skew` found last. It names no user. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Registry } from '../projections/registry.js';
import { writeWhole } from '../store/directory/write-whole.js';
import type { SkewFacts } from './documents.js';

const count = z.number().int().nonnegative();
const document = z.object({
  proven_at_ms: count,
  feature_set: z.string(),
  positions: z.record(z.string(), z.record(z.string(), count)),
  partitions_missing: z.array(count),
  compared: count,
  differing: count,
  not_compared: z.array(z.object({ reason: z.string(), decisions: count })),
  unproven_features: z.array(z.string()),
}) satisfies z.ZodType<SkewFacts>;

const noteFile = (dataDirectory: string) => join(dataDirectory, 'quality-skew.json');

/** null: none of this feature set, or none that can be read. */
export function lastSkew(dataDirectory: string, { featureSet }: Pick<Registry, 'featureSet'>): SkewFacts | null {
  try {
    const skew = document.parse(JSON.parse(readFileSync(noteFile(dataDirectory), 'utf8')));
    return skew.feature_set === featureSet ? skew : null;
  } catch {
    return null;
  }
}

/** Takes the place of the one before, whole. Throws disk_full. */
export function noteSkew(dataDirectory: string, skew: SkewFacts): void {
  writeWhole(noteFile(dataDirectory), `${JSON.stringify(skew)}\n`);
}
