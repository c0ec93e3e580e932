/** The real service, ready, with its HTTP on a port of its own. */
import { MAIN } from './catch-up.js';
import { startNode, type Usage } from './measured-process.js';

export interface Service {
  /** http://host:port */
  readonly address: string;
  /** As of `Running`. */
  cpuSeconds(): number | null;
  /** Records of any input that it has not applied yet. */
  lag(): Promise<number>;
  stop(): Promise<Usage>;
}

const READY_WITHIN_MS = 60_000;
const LOOK_EVERY_MS = 50;

/** Resolves when every partition answers requests. `args`: options after `start`. */
export async function startService(args: readonly string[]): Promise<Service> {
  const service = await startNode([MAIN, 'start', '--http', '127.0.0.1:0', ...args]);
  const stop = async () => (await service.stop()).usage;
  try {
    const address = (await service.waitFor(/tipstream answers at (http:\/\/\S+)/))[1]!;
    await ready(address);
    return {
      address,
      stop,
      cpuSeconds: () => service.cpuSeconds(),
      async lag() {
        const rows = (await (await fetch(`${address}/v1/lag`)).json()) as { readonly lag_records: number }[];
        return rows.reduce((sum, { lag_records: records }) => sum + records, 0);
      },
    };
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }
}

async function ready(address: string): Promise<void> {
  for (const deadline = Date.now() + READY_WITHIN_MS; ; ) {
    const { status } = await fetch(`${address}/readyz`);
    if (status === 200) return;
    if (Date.now() > deadline) throw new Error(`the service was not ready within ${READY_WITHIN_MS} ms`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
