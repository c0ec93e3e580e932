/** What a section says when its facts are not there. */
export interface Missing {
  /** A sentence. */
  readonly missing: string;
}

export function isMissing(facts: object): facts is Missing {
  return 'missing' in facts;
}
