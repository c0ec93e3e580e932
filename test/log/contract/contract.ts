/**
 * What every log must do, whatever it stores its records in. A log's own test file calls `logContract` with a function that opens
 * it; see `log-contract/fixture.ts` for what the suite asks of that function. Each test makes topics and groups of its own, so one
 * broker or one directory serves the whole suite, and each waits for events, so a log may be slow.
 */
import { describe } from 'vitest';
import { appendContract } from './append.js';
import { ContractContext, type ContractOptions, type LogFixture } from './fixture.js';
import { failureContract } from './failures.js';
import { groupContract } from './group.js';
import { processContract } from './processes.js';
import { readContract } from './read.js';
import { rebalanceContract } from './rebalance.js';
import { restartContract } from './restart.js';
import { topicContract } from './topics.js';

export type { ContractOptions, LogFixture } from './fixture.js';

export function logContract(name: string, open: () => Promise<LogFixture>, options: ContractOptions = {}): void {
  describe(`${name} log`, () => {
    const context = new ContractContext(open, options);
    topicContract(context);
    appendContract(context);
    readContract(context);
    groupContract(context);
    restartContract(context);
    rebalanceContract(context);
    failureContract(context);
    processContract(context);
  });
}
