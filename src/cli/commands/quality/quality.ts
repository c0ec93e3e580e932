import type { CommandFamily } from '../../command.js';
import { qualityBaselineCommand } from './baseline.js';
import { qualityHistoryCommand } from './history.js';
import { qualityReportCommand } from './report.js';
import { qualitySkewCommand } from './skew.js';

export const qualityFamily: CommandFamily = {
  name: 'quality',
  summary: 'Whether features and topics are what they were: drift, staleness, faults of producers',
  commands: [qualityReportCommand, qualityBaselineCommand, qualityHistoryCommand, qualitySkewCommand],
  default: 'report',
};
