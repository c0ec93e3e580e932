/** What a version of the prompt is: a pure function from what is known of a decision to the messages of a chat. */
import type { FeatureValue } from '../projections/feature.js';
import type { Candidate } from '../topics.js';

export interface ChatMessage {
  readonly role: 'system' | 'user';
  readonly content: string;
}

/** A candidate of the decision, with the text of the task where the caller gave it. */
export interface PromptCandidate extends Candidate {
  readonly title?: string | null | undefined;
}

export interface PromptContext {
  /** The user's features by name, as the decision was made with them; null where one is empty. */
  readonly profile: Readonly<Record<string, FeatureValue>>;
  readonly candidates: readonly PromptCandidate[];
  /** The candidate that the text is about, which is one of `candidates`. */
  readonly chosen: PromptCandidate;
  /** BCP 47, such as de-CH: the language of the text. Absent: the version's own. */
  readonly locale?: string | undefined;
}

export interface PromptVersion {
  /** What requests, options and tip.served call it. A version that was used is never changed: a change is a new version. */
  readonly name: string;
  /** One line for people. */
  readonly description: string;
  readonly messages: (context: PromptContext) => readonly ChatMessage[];
}

/** Facts as JSON on one line: whatever a title says stays within its quotes. Fields without a value are left out. */
export function facts(fields: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(fields, (_, value: unknown) => value ?? undefined);
}

/** What a prompt says of a candidate. */
export function candidateFacts({
  tip_id,
  title,
  is_overdue,
  task_age_days,
  priority,
  source,
  category,
}: PromptCandidate): Readonly<Record<string, unknown>> {
  return { tip_id, title, is_overdue, task_age_days, priority, source, category };
}

export function languageRule(locale: string | undefined): string {
  return locale === undefined
    ? 'Write in the language of the title; in English when there is none.'
    : `Write in the language of the locale ${locale}.`;
}
