/** Alerts that broker-outage.kafka.test.ts makes fire, in their order. */
export const FIRED_BY_A_BROKER = [
  'TipstreamPartitionWithoutOwner',
  'TipstreamLogUnreachable',
  'TipstreamLagHigh',
  'TipstreamDown',
] as const;
