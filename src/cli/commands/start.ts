import { defineCommand } from '../command.js';
import { EXIT } from '../failure.js';

export const startCommand = defineCommand({
  name: 'start',
  summary: 'Run the partition workers and the HTTP API',
  details:
    'Ends with exit code 0 on SIGTERM or Ctrl-C, after the batches under way are committed and ' +
    'published; with 130 when it was to catch up and had not.',
  examples: [
    ['tipstream start', 'embedded log in ./data, HTTP on 127.0.0.1:8080'],
    ['tipstream start --brokers localhost:9092 --shadow egreedy-v2', 'on Kafka, with v2 in the shadow'],
    ['tipstream start --until-caught-up --no-http', 'apply what is there, then exit'],
  ],
  groups: ['log', 'kafka', 'events', 'consumer', 'http', 'policy', 'gateway', 'start'],
  async run({ config, output, signal }) {
    // Loaded here, because the other commands start faster without them.
    const [{ createLogger }, { runService }] = await Promise.all([import('../logger.js'), import('../running-service.js')]);
    const logger = createLogger(config);
    const running = await runService(config, logger);
    try {
      if (running.address !== null) output.note(`tipstream answers at ${running.address}`);
      const interrupted = new Promise<'interrupted'>((resolve) => {
        if (signal.aborted) resolve('interrupted');
        signal.addEventListener('abort', () => resolve('interrupted'));
      });
      if (config.untilCaughtUp) {
        const outcome = await Promise.race([running.service.caughtUp(), running.failed, interrupted]);
        if (outcome === 'interrupted') return EXIT.interrupted;
      } else {
        await Promise.race([running.failed, interrupted]);
        logger.info('stopping');
      }
    } finally {
      await running.stop();
    }
    return EXIT.ok;
  },
});
