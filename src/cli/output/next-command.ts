/** Commands that are proposed to the reader. */
import type { Config } from '../../config.js';

/** A command line to copy, with the options that say which log and which state. */
export function nextCommand(words: string, { given, data, brokers = [], topicPrefix, log }: Config): string {
  const options = [
    ...(given.has('data') ? ['--data', data] : []),
    ...(given.has('log') ? ['--log', log] : []),
    ...(given.has('brokers') ? ['--brokers', brokers.join(',')] : []),
    ...(given.has('topicPrefix') ? ['--topic-prefix', topicPrefix] : []),
  ];
  return ['npx tipstream', words, ...options.map(quoted)].join(' ');
}

/** A word of a POSIX shell, quoted where it must be. */
export function quoted(word: string): string {
  return /^[\w./:,@%+=-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
