/** Vitest global setup of the kafka tier: one broker for all its files, whose address they get with `inject('kafkaBrokers')`. */
import type { TestProject } from 'vitest/node';
import { startBroker } from './broker.js';

declare module 'vitest' {
  export interface ProvidedContext {
    /** host:port, or null where no broker is possible. */
    kafkaBrokers: string | null;
  }
}

export default async function globalSetup(project: TestProject): Promise<() => Promise<void>> {
  const broker = await startBroker();
  project.provide('kafkaBrokers', broker?.brokers ?? null);
  return async () => broker?.stop();
}
