/** Spans of messages that belong to traces, from when they are sent until the log has them. */
import { traceContextIn } from '../../events/trace-context.js';
import type { StoredMessage } from '../../store/tables/outbox.js';
import { publishing } from '../../tracing.js';

/** Answers what ends them: with the error, when they could not be written. */
export function publishSpans(messages: readonly StoredMessage[]): (error?: unknown) => void {
  const ends: ((error?: unknown) => void)[] = [];
  for (const { topic, headers } of messages) {
    const parent = headers.length === 0 ? undefined : traceContextIn(headers);
    if (parent !== undefined) ends.push(publishing(topic, parent));
  }
  return (error) => {
    for (const end of ends) end(error);
  };
}
