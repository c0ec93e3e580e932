/** What of a report somebody should look at, and what could not be told. Pure. */
import { CLOCK_TOLERANCE_MS } from './record-survey.js';
import type { FeatureQuality, QualityAlert, QualityDocument, TopicQuality, Untold } from './documents.js';

/** More than this share of what was looked at is worth a person's time. */
export const ALERT_SHARE = 0.01;
/** Fewer records of a producer say nothing about its clock. */
export const FEWEST_OF_A_PRODUCER = 5;
const NAMED = 5;

/** Beside each topic, what its shares are of. */
export interface ShareBases {
  /** Tips served in the window with a reaction; tips with a settled reaction; servings in the window. */
  readonly reacted: number;
  readonly settled: number;
  readonly volume: number;
  /** Candidates of the newest records of tip.candidates. */
  readonly candidates: number;
}

type Judged = Pick<QualityDocument, 'features' | 'topics' | 'skew'>;

export function alertsOf({ features, topics, skew }: Judged, bases: ShareBases): QualityAlert[] {
  return [
    ...features.flatMap(ofFeature),
    ...topics.flatMap((topic) => ofTopic(topic, bases)),
    ...(skew === null || skew.differing === 0
      ? []
      : [
          {
            kind: 'skew' as const,
            about: null,
            message: `${skew.differing} of ${skew.compared} decisions were made with another profile than the log gives at their positions`,
            hint: 'Run `tipstream quality skew` again: it names users and decisions.',
          },
        ]),
  ];
}

function ofFeature({ name, stale, staleness, drifted, psi, threshold, ks, js }: FeatureQuality): QualityAlert[] {
  const alerts: QualityAlert[] = [];
  const { age_ms: ageMs, ttl_ms: ttlMs, silent_sources: silent } = staleness;
  if (stale === true && silent.length === 0)
    alerts.push({
      kind: 'stale',
      about: name,
      message: `the newest stored value of ${name} is ${hours(ageMs!)} old, its TTL is ${hours(ttlMs)}`,
      hint: 'Look at `tipstream lag` and at what writes the sources of the feature.',
    });
  if (drifted === true) {
    const second = ks !== null ? `; Kolmogorov-Smirnov ${shown(ks.statistic)} (limit ${shown(ks.threshold)})` : '';
    const third = js !== null ? `; Jensen-Shannon ${shown(js.divergence)} bits (limit ${shown(js.threshold)})` : '';
    alerts.push({
      kind: 'drift',
      about: name,
      message: `${name} has moved from its baseline: PSI ${shown(psi!)} (limit ${shown(threshold!)})${second}${third}`,
      hint: 'Look at its distribution beside the baseline. Where the change is meant, run `tipstream quality baseline`.',
    });
  }
  return alerts;
}

function ofTopic(of: TopicQuality, bases: ShareBases): QualityAlert[] {
  const { topic, silence, volume, producers } = of;
  const alerts: QualityAlert[] = [];
  const add = (kind: QualityAlert['kind'], message: string, hint: string) => alerts.push({ kind, about: topic, message, hint });
  const isMany = (some: number | null, all: number): some is number => some !== null && some > 0 && some > ALERT_SHARE * all;
  if (silence.silent === true)
    add(
      'silence',
      `no event of ${topic} for ${hours(silence.silent_for_ms!)}` +
        (silence.rhythm_ms === null ? '' : `; its usual longest gap is ${hours(silence.rhythm_ms)}`),
      'Look at its producers. Features that are computed from it are stale.',
    );
  if (volume?.unusual === true)
    add(
      'volume',
      `${volume.events} events of ${topic} in the hour from ${new Date(volume.hour_from_ms).toISOString()}, ` +
        `${volume.last_week} in the same hour last week`,
      'Look at its producers for a release, an outage or an import.',
    );
  if (of.far_ahead > 0)
    add(
      'future_dated',
      `${of.far_ahead} of ${of.records} events of ${topic} are dated more than a minute after their records`,
      'A clock is wrong, or a producer means the future. `producers` says whose.',
    );
  for (const { producer, records, median_ms: medianMs } of producers)
    if (records >= FEWEST_OF_A_PRODUCER && medianMs < -CLOCK_TOLERANCE_MS)
      add('clock_ahead', `the clock of the producer ${producer} of ${topic} is ${hours(-medianMs)} ahead`, 'Set its clock by NTP.');
  if (isMany(of.negative_dwell, bases.reacted))
    add(
      'negative_dwell',
      `${of.negative_dwell} of ${bases.reacted} tips were reacted to before they were served`,
      'The clocks of the producers of tip.served and tip.feedback differ, or a tip_id is used twice.',
    );
  if (isMany(of.orphans, bases.settled))
    add(
      'orphans',
      `${of.orphans} of ${bases.settled} tips have feedback more than a day old and no serving`,
      'Servings are lost or refused: look at `tipstream dead-letters list --topic tip.served`.',
    );
  if (isMany(of.duplicates, of.records))
    add(
      'duplicates',
      `${of.duplicates} of ${of.records} records of ${topic} repeat an event`,
      'Harmless to profiles; a producer retries too much.',
    );
  const [all, what] = of.unknown_categories?.of === 'candidates' ? [bases.candidates, 'candidates'] : [bases.volume, 'servings'];
  if (of.unknown_categories !== null && isMany(of.unknown_categories.servings, all))
    add(
      'unknown_categories',
      `${of.unknown_categories.servings} of ${all} ${what} have categories that the baseline does not know: ` +
        of.unknown_categories.categories
          .slice(0, NAMED)
          .map((name) => JSON.stringify(name))
          .join(', '),
      'Where they are meant, run `tipstream quality baseline`.',
    );
  return alerts;
}

type Looked = Omit<QualityDocument, 'verdict' | 'alerts' | 'could_not_tell'>;

export function untoldOf({ baseline, features, topics, skew, skipped, partitions_missing: missing }: Looked): Untold[] {
  const untold: Untold[] = [];
  const add = (about: string, reason: string) => untold.push({ about, reason });
  if (missing.length > 0) add('partitions', `partitions ${missing.join(', ')} are not here: other members of the group have them`);
  if (baseline === null) add('drift', 'there is no baseline: `tipstream quality baseline` stores one');
  if (features.every(({ n }) => n === 0)) add('features', 'no user is known as of then');
  const unknown = features.filter(({ stale }) => stale === null).map(({ name }) => name);
  if (unknown.length > 0) add('staleness', `no stored value was found of ${unknown.join(', ')}`);
  for (const { name, reason } of skipped) add(name, reason);
  for (const { topic, silence, volume, read, records } of topics) {
    if (records === 0) add(topic, 'it has no records before as-of among those looked at');
    if (!read.is_whole) add(topic, 'not all records that were meant to be looked at could be read');
    if (silence.silent === null) add(topic, 'it has events on too few days to know its rhythm');
    if (volume !== null && volume.unusual === null) add(topic, 'nothing is known of the same hour last week');
  }
  if (skew === null) add('skew', '`tipstream quality skew` has not run here');
  else {
    const left = skew.not_compared.reduce((sum, { decisions }) => sum + decisions, 0);
    if (left > 0) add('skew', `${left} decisions could not be compared`);
  }
  return untold;
}

const shown = (value: number): string => String(Number(value.toPrecision(3)));

function hours(ms: number): string {
  if (ms < 60_000) return `${Math.round(ms / 1_000)} s`;
  if (ms < 2 * 3_600_000) return `${Math.round(ms / 60_000)} min`;
  return ms < 2 * 86_400_000 ? `${shown(ms / 3_600_000)} h` : `${shown(ms / 86_400_000)} days`;
}
