import type { StateSource } from '../../src/store/directory/state-files.js';

/** The state of a data directory whose embedded log has topics of this prefix. */
export function stateIn(dataDirectory: string, topicPrefix = ''): StateSource {
  return { dataDirectory, log: 'sqlite', topicPrefix };
}
