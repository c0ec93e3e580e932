/** Reads a data directory and its log, and reports. */
import { TipstreamError } from '../errors.js';
import type { Log } from '../log/port.js';
import type { Registry } from '../projections/registry.js';
import { decodeValue } from '../events/decode.js';
import { fullTopicName, type ConsumedTopic } from '../topics.js';
import type { Baseline } from './baseline.js';
import type { QualityDocument } from './documents.js';
import { readNewest, surveyRecords, type RecordQuestion, type RecordSurvey } from './record-survey.js';
import { reportOf, timedTopics } from './report.js';
import { lastSkew } from './skew-note.js';
import { surveyState, type StateSurvey } from './state-survey.js';

const PROFILES = 'profile.features';

export interface QualityQuestion {
  readonly log: Log;
  readonly registry: Registry;
  readonly dataDirectory: string;
  readonly topicPrefix: string;
  /** partition -> state file. */
  readonly files: ReadonlyMap<number, string>;
  /** Of the topics. */
  readonly partitions: number;
  readonly asOfMs: number;
  /** Of each topic, the newest ones. */
  readonly mostRecords: number;
  readonly signal: AbortSignal;
  /** Runs the survey of state files to its end, in turns with whatever else the thread has to do. */
  readonly run: (steps: Generator<number, StateSurvey>) => Promise<StateSurvey>;
  readonly turn?: () => Promise<void>;
  readonly baseline: Baseline | undefined;
}

/** Throws as_of_pruned, state_mismatch, log_unavailable, and the signal's reason. */
export async function qualityReport(question: QualityQuestion): Promise<QualityDocument> {
  const { log, registry, dataDirectory, topicPrefix, files, partitions, asOfMs, mostRecords, signal, run, turn, baseline } = question;
  const survey = await run(surveyState(files, registry, asOfMs));
  const asked: RecordQuestion = {
    topicPrefix,
    partitions: [...files.keys()],
    mostRecords,
    asOfMs,
    signal,
    ...(turn === undefined ? {} : { turn }),
  };
  const records = new Map<ConsumedTopic, RecordSurvey>();
  for (const topic of timedTopics(registry)) {
    const found = await unlessMissing(() => surveyRecords(log, topic, asked));
    if (found !== undefined) records.set(topic, found);
  }
  const publishedAsOfMs = (await unlessMissing(() => newestPublished(log, asked))) ?? null;
  signal.throwIfAborted();
  return reportOf({
    registry,
    topicPrefix,
    partitions,
    survey,
    records,
    publishedAsOfMs,
    baseline,
    skew: lastSkew(dataDirectory, registry),
  });
}

/** A topic of a later version of tipstream may not be there yet. */
async function unlessMissing<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof TipstreamError && error.code === 'topic_not_found') return undefined;
    throw error;
  }
}

/** Newest as_of_ms before as-of among the newest records of profile.features; tombstones say nothing. null: there is none. */
async function newestPublished(log: Log, question: RecordQuestion): Promise<number | null> {
  let newestMs: number | null = null;
  await readNewest(log, fullTopicName(question.topicPrefix, PROFILES), question, ({ value, headers }) => {
    const decoded = decodeValue(PROFILES, value, headers, Infinity);
    if (decoded.ok && decoded.event.as_of_ms <= question.asOfMs) newestMs = Math.max(newestMs ?? 0, decoded.event.as_of_ms);
  });
  return newestMs;
}
