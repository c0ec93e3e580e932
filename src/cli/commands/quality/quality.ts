import type { CommandFamily } from '../../command.js';

export const qualityFamily: CommandFamily = {
  name: 'quality',
  summary: 'Whether features and topics are what they were: drift, staleness, faults of producers',
  default: 'report',
  commands: [
    {
      name: 'report',
      summary: 'Look at every feature and every input, and compare with the baseline',
      load: async () => (await import('./report.js')).qualityReportCommand,
    },
    {
      name: 'baseline',
      summary: 'Store how features are distributed, for everything later to be compared with',
      load: async () => (await import('./baseline.js')).qualityBaselineCommand,
    },
    {
      name: 'history',
      summary: 'How features were distributed at the end of each day, week or month, and as decisions were served',
      load: async () => (await import('./history.js')).qualityHistoryCommand,
    },
    {
      name: 'skew',
      summary: 'Prove that decisions were made with the profiles that the log gives: no training-serving skew',
      load: async () => (await import('./skew.js')).qualitySkewCommand,
    },
  ],
};
