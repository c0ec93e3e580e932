/** What a section says when its facts are not there. */
export interface Missing {
  /** A sentence. */
  readonly missing: string;
}

export function isMissing(facts: object): facts is Missing {
  return 'missing' in facts;
}

/** Of a card that was made without these documents. */
export const noSimulation = (policy: string): Missing => ({
  missing: `None was given: \`npx tipstream policies card ${policy} --simulation FILE\` takes what \`tipstream simulate --json\` printed.`,
});

export const noEvaluation = (policy: string): Missing => ({
  missing:
    `None was given: \`npx tipstream policies card ${policy} --evaluation FILE\` takes ` +
    `what \`tipstream evaluate --policy ${policy} --json\` printed.`,
});
