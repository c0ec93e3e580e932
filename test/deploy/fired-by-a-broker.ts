/** Alerts that broker-outage.kafka.test.ts makes fire, in their order. */
export const FIRED_BY_A_BROKER = ['TipstreamLogUnreachable', 'TipstreamLagHigh', 'TipstreamDown'] as const;
