/** What an export says of itself: in Parquet's metadata, and in the manifest beside other files. */
import { createHash } from 'node:crypto';
import { PACKAGE_VERSION } from '../package.js';
import type { Registry } from '../projections/registry.js';
import type { Positions } from '../store/positions.js';

export interface ExportDescription {
  /** Of tipstream. */
  readonly version: string;
  readonly created_at_ms: number;
  readonly feature_set: string;
  /** SHA-256 of the definitions as JSON, 64 hex digits. */
  readonly definitions_sha256: string;
  readonly features: readonly string[];
  /** What the profiles hold for: topic -> partition -> the next offset to apply. */
  readonly positions: Positions;
  readonly partitions_missing: readonly number[];
  /** What was asked for. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** One file that was written. */
export interface WrittenFile {
  /** Its name, without folders that it was put in. */
  readonly file: string;
  readonly rows: number;
  /** Of its bytes, 64 hex digits. */
  readonly sha256: string;
}

export interface DescribedExport {
  readonly positions: Positions;
  readonly missingPartitions: readonly number[];
}

export function describeExport(
  registry: Registry,
  { positions, missingPartitions }: DescribedExport,
  createdAtMs: number,
  options: Readonly<Record<string, unknown>>,
): ExportDescription {
  return {
    version: PACKAGE_VERSION,
    created_at_ms: createdAtMs,
    feature_set: registry.featureSet,
    definitions_sha256: createHash('sha256').update(JSON.stringify(registry.definitions)).digest('hex'),
    features: registry.names,
    positions,
    partitions_missing: missingPartitions,
    options,
  };
}

/** As Parquet keeps it: a key for each field, texts as they are and the rest as JSON. */
export function keyValuesOf(description: ExportDescription): { readonly key: string; readonly value: string }[] {
  return Object.entries(description).map(([name, value]) => ({
    key: `tipstream.${name}`,
    value: typeof value === 'string' ? value : JSON.stringify(value),
  }));
}

/** The text of a manifest: of one file, whose fields come first, or of a folder with a list of files. */
export function manifestOf(description: ExportDescription, files: WrittenFile | readonly WrittenFile[]): string {
  const written = Array.isArray(files)
    ? { rows: (files as readonly WrittenFile[]).reduce((sum, { rows }) => sum + rows, 0), files: files as readonly WrittenFile[] }
    : (files as WrittenFile);
  return `${JSON.stringify({ ...written, ...description }, null, 2)}\n`;
}
