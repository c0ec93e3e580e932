import { openLog } from '../../../log/open.js';
import { readBaseline } from '../../../monitoring/baseline.js';
import { qualityReport } from '../../../monitoring/quality-report.js';
import { stateFiles } from '../../../store/directory/state-files.js';
import { defineCommand } from '../../command.js';
import { EXIT } from '../../failure.js';
import { wholeNumber } from '../../option-parsers.js';
import { printQuality } from '../../output/quality-tables.js';
import { noteMissing, registryFor, stateSourceOf } from '../../state-source.js';
import { timeOption } from '../../time-argument.js';
import { surveyed } from './survey.js';

const MOST_RECORDS = 10_000;

export const qualityReportCommand = defineCommand<{ asOf?: number; records: number }>({
  name: 'report',
  summary: 'Look at every feature and every input, and compare with the baseline',
  details: [
    'Reads the profiles of all users and all tips as of one time, and the newest records of each input. Whether `tipstream start` is ' +
      'running does not matter. `tipstream quality` without a second word is this command.',
    'docs/quality.md has the formulas, the thresholds and what is not looked at.',
    'Exit code 0: no alert stands; the last line says whether something could not be told. 2: an alert stands. 1: an error.',
  ].join('\n\n'),
  examples: [
    ['tipstream quality', 'tables, and a line for each alert'],
    ['tipstream quality --as-of 2026-11-20', 'as of a time'],
    ["tipstream quality --json | jq '.alerts[].message'", 'for programs'],
  ],
  groups: ['log', 'kafka', 'events', 'registry'],
  options: [
    { flags: '--as-of <time>', help: 'Unix ms or ISO 8601; now unless given', parse: timeOption('--as-of') },
    {
      flags: '--records <number>',
      help: 'how many of the newest records of each input to look at',
      parse: wholeNumber('--records', 1),
      default: MOST_RECORDS,
    },
  ],
  json: 'document',
  async run({ options, config, output, json, signal }) {
    const log = await openLog(config, { readOnly: true });
    try {
      const { files, partitions } = stateFiles(await stateSourceOf(config, log), registryFor(config));
      const document = await qualityReport({
        log,
        registry: registryFor(config),
        dataDirectory: config.data,
        topicPrefix: config.topicPrefix,
        files,
        partitions,
        asOfMs: options.asOf ?? Date.now(),
        mostRecords: options.records,
        signal,
        baseline: readBaseline(config.data, registryFor(config)),
        run: (steps) => surveyed(steps, output, signal),
      });
      if (json) await output.document(document);
      else await printQuality(document, output);
      noteMissing(output, document.partitions_missing);
      return document.verdict === 'alert' ? EXIT.differs : EXIT.ok;
    } finally {
      await log.close();
    }
  },
});
