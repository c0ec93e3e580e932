/** Data quality as tables and sentences. */
import type { FeatureQuality, QualityDocument, TopicQuality } from '../../monitoring/documents.js';
import type { Output } from './output.js';
import { counted, cut } from './words.js';

const CELL = 16;

export async function printQuality(document: QualityDocument, output: Output): Promise<void> {
  const { users, as_of_ms: asOfMs, baseline, skew, features, topics, alerts, could_not_tell: untold } = document;
  const against = baseline === null ? 'no baseline' : `baseline as of ${new Date(baseline.as_of_ms).toISOString()}`;
  await output.write(`${counted(users, 'known user')} as of ${new Date(asOfMs).toISOString()}, ${against}\n\n`);
  await output.table(
    ['FEATURE', 'STALE', 'NULL', 'MIN', 'P50', 'P95', 'MAX', 'PSI', 'LIMIT', 'KS / JS', 'LIMIT', 'BASELINE N', 'N'],
    features.map(featureCells),
  );
  await output.write('\n');
  await output.table(
    ['TOPIC', 'RECORDS', 'DATED AHEAD', 'REPEATED', 'NEGATIVE DWELL', 'ORPHANS', 'NEW CATEGORIES', 'LAST HOUR', 'WEEK BEFORE', 'SILENT'],
    topics.map(topicCells),
  );
  const producers = topics.flatMap(({ topic, producers: of }) => of.map((one) => ({ topic, ...one })));
  if (producers.length > 0) {
    await output.write('\n');
    await output.table(
      ['TOPIC', 'PRODUCER', 'RECORDS', 'MEDIAN DELAY MS', 'LEAST DELAY MS'],
      producers.map((one) => [one.topic, cut(one.producer, 40), one.records, one.median_ms, one.least_ms]),
    );
  }
  await output.write('\n');
  if (skew !== null) await output.write(`skew: ${skew.differing} of ${counted(skew.compared, 'decision')} differ\n`);
  for (const { kind, message, hint } of alerts) await output.write(`ALERT ${kind}: ${message}\n  ${hint}\n`);
  for (const { about, reason } of untold) await output.write(`could not tell: ${about}: ${reason}\n`);
  await output.write(`${VERDICTS[document.verdict](alerts.length)}\n`);
}

const VERDICTS: Readonly<Record<QualityDocument['verdict'], (alerts: number) => string>> = {
  ok: () => 'OK',
  alert: (alerts) => counted(alerts, 'alert'),
  could_not_tell: () => 'no alert, but not everything could be told',
};

type Cell = string | number | null;

function featureCells({
  name,
  stale,
  null_rate: nullRate,
  summary,
  psi,
  threshold,
  ks,
  js,
  baseline_n: before,
  n,
}: FeatureQuality): Cell[] {
  const second = ks?.statistic ?? js?.divergence ?? null;
  const [percentiles, limit] = [summary?.percentiles, ks?.threshold ?? js?.threshold ?? null];
  const range = [summary?.min, percentiles?.p50, percentiles?.p95, summary?.max].map((value) => shown(value ?? null));
  return [
    name,
    stale === null ? 'unknown' : stale ? 'STALE' : 'no',
    nullRate === null ? null : `${(100 * nullRate).toFixed(1)} %`,
    ...range,
    shown(psi),
    shown(threshold),
    shown(second),
    shown(limit),
    before,
    n,
  ];
}

function topicCells({ topic, silence, volume, unknown_categories: unknown, ...of }: TopicQuality): Cell[] {
  return [
    topic,
    of.read.is_whole ? of.records : `${of.records} (in part)`,
    of.future_dated,
    of.duplicates,
    of.negative_dwell,
    of.orphans,
    unknown === null ? null : unknown.servings,
    volume?.events ?? null,
    volume?.last_week ?? null,
    silence.silent === null ? 'unknown' : silence.silent ? 'SILENT' : 'no',
  ];
}

function shown(value: number | null): string | null {
  return value === null ? null : cut(String(Number(value.toPrecision(4))), CELL);
}
