/** Above what is said of the log: that it has not answered, so that all of it is as of then. Nothing while it answers. */
import { durationText } from '../format/times.js';
import { useService } from '../state/use-service.js';

export function LogIsAway() {
  const { document } = useService().status;
  if (document === undefined || document.log_reachable) return null;
  return <p class="notice">The log has not answered for {durationText(document.log_silent_ms)}. What is shown of it is as of then.</p>;
}
