/** The alerts that alerts-of-parts.service.test.ts makes fire. */
export const FIRED_BY_PARTS: readonly string[] = [
  'TipstreamSchemaRegistryUnreachable',
  'TipstreamAuditEntriesLost',
  'TipstreamPriorWorse',
  'TipstreamPriorStale',
];
