/** Two releases of the contracts, topic by topic: what breaks old events or old consumers, what else has changed, and the verdict. */
import { inputOfDeadLetterTopic, TOPICS, type TopicName } from '../../topics.js';
import { compareSchemas } from './compare.js';
import type { RawSchema } from './facts.js';
import { isNote, ruleOf, type Direction, type Finding, type Rule } from './rules.js';

/** As Confluent's Schema Registry has it. backward: the new schema reads what the old one wrote. forward: the old one reads the new. */
export const COMPATIBILITIES = ['backward', 'forward', 'full'] as const;
export type Compatibility = (typeof COMPATIBILITIES)[number];

export const PARTS = ['value', 'key', 'headers'] as const;
export type Part = (typeof PARTS)[number];

/** What a release says of the records of one topic; absent parts are not said. */
export type TopicContract = { readonly [P in Part]?: { readonly schema: RawSchema; readonly root: RawSchema } };
/** By topic, without a prefix. */
export type Contracts = ReadonlyMap<string, TopicContract>;

export interface Change {
  readonly rule: Rule | 'topic-added';
  readonly direction: Direction;
  readonly part: Part;
  readonly path: string;
  readonly old?: unknown;
  readonly new?: unknown;
  readonly when?: string;
  readonly reason?: string;
}

export type Verdict = 'compatible' | 'incompatible' | 'could_not_tell';

export interface TopicVerdict {
  readonly topic: string;
  readonly compatibility: Compatibility;
  readonly verdict: Verdict;
  readonly breaks: readonly Change[];
  readonly could_not_tell: readonly Change[];
  /** Differences that break nothing which `compatibility` protects. */
  readonly changes: readonly Change[];
}

export interface CheckOptions {
  /** Absent: by who writes the topic. */
  readonly compatibility?: Compatibility | undefined;
  readonly strict: boolean;
}

export function checkContracts(before: Contracts, after: Contracts, options: CheckOptions): TopicVerdict[] {
  const names = [...new Set([...before.keys(), ...after.keys()])];
  return names.map((topic) => {
    const compatibility = options.compatibility ?? defaultCompatibility(topic);
    const [was, is] = [before.get(topic), after.get(topic)];
    if (was === undefined) return verdictOf(topic, compatibility, [], [topicChange('topic-added')]);
    if (is === undefined) return verdictOf(topic, compatibility, [topicChange('topic-removed')], []);
    const directions: readonly Direction[] = compatibility === 'full' ? ['backward', 'forward'] : [compatibility];
    const all = PARTS.flatMap((part) => compareParts(part, was, is, options.strict));
    const judged = all.filter(({ finding, direction }) => directions.includes(direction) && !isNote(finding.kind));
    const rest = all.filter((one) => !judged.includes(one) && one.finding.kind !== 'unknown');
    return verdictOf(topic, compatibility, judged.map(changeOf), distinct(rest.map(changeOf)));
  });
}

export function overallVerdict(topics: readonly TopicVerdict[]): Verdict {
  const verdicts = topics.map(({ verdict }) => verdict);
  return verdicts.includes('incompatible') ? 'incompatible' : verdicts.includes('could_not_tell') ? 'could_not_tell' : 'compatible';
}

/**
 * Who writes it decides whose old programs are protected: those of producers (backward), those of consumers (forward), or of both where
 * tipstream reads back what it has written. Of a topic that is not tipstream's, both.
 */
export function defaultCompatibility(topic: string): Compatibility {
  if (inputOfDeadLetterTopic('', topic) !== undefined) return 'forward';
  if (!Object.hasOwn(TOPICS, topic)) return 'full';
  const { writtenBy, role } = TOPICS[topic as TopicName];
  if (writtenBy === 'producers') return 'backward';
  return role === 'consumed' ? 'full' : 'forward';
}

interface Found {
  readonly finding: Finding;
  readonly direction: Direction;
  readonly part: Part;
}

function compareParts(part: Part, before: TopicContract, after: TopicContract, strict: boolean): Found[] {
  const [was, is] = [before[part], after[part]];
  if (was === undefined || is === undefined) return [];
  const backward = compareSchemas(was.schema, is.schema, { writerRoot: was.root, readerRoot: is.root, strict });
  const forward = compareSchemas(is.schema, was.schema, { writerRoot: is.root, readerRoot: was.root, strict });
  return [
    ...backward.map((finding): Found => ({ finding, direction: 'backward', part })),
    ...forward.map((finding): Found => ({ finding, direction: 'forward', part })),
  ];
}

function changeOf({ finding, direction, part }: Found): Change {
  const { kind, path, writer, reader, when, reason } = finding;
  const [was, is] = direction === 'backward' ? [writer, reader] : [reader, writer];
  return {
    rule: ruleOf(kind, direction),
    direction,
    part,
    path,
    ...(was === undefined ? {} : { old: was }),
    ...(is === undefined ? {} : { new: is }),
    ...(when === undefined ? {} : { when }),
    ...(reason === undefined ? {} : { reason }),
  };
}

const topicChange = (rule: 'topic-added' | 'topic-removed'): Change => ({ rule, direction: 'backward', part: 'value', path: '' });

/** A property that came or went is found from both sides. */
function distinct(changes: readonly Change[]): Change[] {
  const seen = new Set<string>();
  return changes.filter(({ direction: _, ...rest }) => {
    const key = JSON.stringify(rest);
    return seen.has(key) ? false : (seen.add(key), true);
  });
}

function verdictOf(topic: string, compatibility: Compatibility, judged: readonly Change[], changes: readonly Change[]): TopicVerdict {
  const unknown = distinct(judged.filter(({ rule }) => rule === 'could-not-tell'));
  const breaks = distinct(judged.filter(({ rule }) => rule !== 'could-not-tell'));
  const verdict = breaks.length > 0 ? 'incompatible' : unknown.length > 0 ? 'could_not_tell' : 'compatible';
  return { topic, compatibility, verdict, breaks, could_not_tell: unknown, changes };
}
