/** A logger whose lines a test looks at. */
import { Writable } from 'node:stream';
import { pino, type Logger } from 'pino';

export interface LoggedLine {
  readonly level: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

export function loggedLines(level = 'trace'): { readonly logger: Logger; readonly lines: LoggedLine[] } {
  const lines: LoggedLine[] = [];
  const into = new Writable({
    write(chunk, _encoding, done) {
      lines.push(JSON.parse(String(chunk)) as LoggedLine);
      done();
    },
  });
  return { logger: pino({ level }, into), lines };
}
