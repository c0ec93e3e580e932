/** What the pages show on Kafka: README.md after its tour, kcat as a producer, and a backup of the state. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedBroker } from '../../support/broker/shared.js';
import { kcatInstalled } from '../../support/broker/tools.js';
import { DocsShell } from './docs-shell.js';
import { shellBlocks } from './markdown.js';

const brokers = await sharedBroker();
const hasKcat = await kcatInstalled();
const PREFIX = `docs-${process.pid}-${Date.now()}.`;
const CATCH_UP = 'npx tipstream start --until-caught-up --no-http --log-level error';
const DIGEST = 'npx tipstream digest --as-of 2026-11-20 --json | jq -r .digest';

describe.skipIf(brokers === null)('on Kafka', () => {
  let terminal: DocsShell;
  beforeAll(() => {
    // Other tests use the same broker.
    terminal = new DocsShell({ TIPSTREAM_TOPIC_PREFIX: PREFIX });
  });
  afterAll(() => terminal.dispose());
  async function ok(script: string): Promise<string> {
    const { printed, exitCode } = await terminal.run(script);
    expect(exitCode, `${script}\n${printed}`).toBe(0);
    return printed.trim();
  }

  it('README.md, On your Kafka: after the tour, in the same directory', async () => {
    await ok(`npx tipstream produce examples/tour.ndjson && ${CATCH_UP}`);
    const embedded = await ok(DIGEST);
    const [commands] = shellBlocks('README.md', 'On your Kafka');
    await terminal.follow(commands!, { replacements: [{ shown: 'broker-1:9092,broker-2:9092', real: brokers! }] });
    await ok(`npx tipstream produce examples/tour.ndjson && ${CATCH_UP}`);
    expect(await ok(DIGEST)).toBe(embedded);
  });

  it.skipIf(!hasKcat)('README.md, Producing events: kcat', async () => {
    const [commands] = shellBlocks('README.md', 'Producing events');
    await terminal.follow(commands!, {
      replacements: [
        { shown: '127.0.0.1:9094', real: brokers! },
        { shown: '-t tip.feedback', real: `-t ${PREFIX}tip.feedback` },
      ],
    });
    await ok(CATCH_UP);
    expect(await ok('npx tipstream dead-letters list --json')).toBe('[]');
    // It counts as of now: the command is of this minute, whenever that is.
    const condition = "user_id = 'ana' AND tip_id = 'tip-1' AND done_at_ms > (strftime('%s') - 120) * 1000";
    const counted = `npx tipstream sql --json "SELECT count(*) AS n FROM tips WHERE ${condition}"`;
    expect(JSON.parse(await ok(counted))).toEqual([{ n: 1 }]);
  });

  it('docs/operating.md, Taking a backup and Restoring: the state alone, which goes on where it was', async () => {
    // The pages call the directory data.
    await ok('unset TIPSTREAM_DATA; rm -r data; mv data-kafka data');
    const [take] = shellBlocks('docs/operating.md', 'Taking a backup');
    const state = {
      ...take!,
      text: take!.text
        .split('\n')
        .filter((line) => !line.includes('log.db'))
        .join('\n'),
    };
    expect(take!.text.split('\n').filter((line) => line.includes('log.db'))).toEqual([expect.stringContaining('# not on Kafka')]);
    await terminal.serve('npx tipstream start', () => terminal.follow(state));
    await ok(`npx tipstream produce examples/tour-evening.ndjson && ${CATCH_UP}`);
    const afterwards = await ok(DIGEST);
    const [restore] = shellBlocks('docs/operating.md', 'Restoring');
    await terminal.follow(restore!);
    expect(await ok(DIGEST)).toBe(afterwards);
  });
});
