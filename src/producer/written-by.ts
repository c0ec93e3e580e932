/** Who had a record written over HTTP: the name of the caller's token, in a header of the record. */
import type { RecordHeaders } from '../log/port.js';

export const WRITTEN_BY = 'tipstream.by';

/** In place of such a header that the caller gave. */
export function writtenBy(headers: RecordHeaders, caller: string): RecordHeaders {
  return [...headers.filter(([name]) => name !== WRITTEN_BY), [WRITTEN_BY, Buffer.from(caller)]];
}
