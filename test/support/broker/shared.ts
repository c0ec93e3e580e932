/** The broker that the e2e files share: the global setup's, or one started for the file when it runs without. */
import { afterAll, beforeAll, inject } from 'vitest';
import { startBroker, type TestBroker } from './broker.js';
import './global-setup.js';

/** Answers its address once `beforeAll` has run; null where no broker is possible, and the tests should be skipped. */
export async function sharedBroker(): Promise<string | null> {
  const provided = inject('kafkaBrokers');
  if (provided !== undefined) return provided;
  const broker = await startBroker();
  afterAll(() => broker?.stop());
  return broker?.brokers ?? null;
}

/** A broker of the file's own, which its tests may kill; started before them and removed after. */
export function ownBroker(options: { tls?: boolean } = {}): { readonly current: TestBroker } {
  const holder: { current?: TestBroker } = {};
  beforeAll(async () => {
    const broker = await startBroker({ ...options, own: true });
    if (broker !== null) holder.current = broker;
  }, 180_000);
  afterAll(() => holder.current?.stop());
  return holder as { readonly current: TestBroker };
}
