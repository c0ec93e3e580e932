/** Stands among the items for "nothing came in time". */
export const PAUSE = Symbol('pause');

/**
 * The items of a source, and PAUSE where the next one has not come `ms` after `isWaiting` became true, so that a batch that is being
 * filled from a slow source can go out. A full speed source costs one timer per `ms`.
 */
export async function* withPauses<Item>(
  source: AsyncIterable<Item>,
  ms: number,
  isWaiting: () => boolean,
): AsyncGenerator<Item | typeof PAUSE> {
  const items = source[Symbol.asyncIterator]();
  let timer: NodeJS.Timeout | undefined;
  let pause: Promise<typeof PAUSE> | undefined;
  let next: Promise<IteratorResult<Item>> | undefined;
  try {
    for (;;) {
      next ??= items.next();
      if (isWaiting()) pause ??= new Promise((resolve) => (timer = setTimeout(resolve, ms, PAUSE)));
      const step = pause === undefined ? await next : await Promise.race([next, pause]);
      if (step === PAUSE) {
        pause = undefined;
        if (isWaiting()) yield PAUSE;
        continue;
      }
      next = undefined;
      if (step.done) return;
      yield step.value;
    }
  } finally {
    clearTimeout(timer);
    // Not awaited: a source that is waiting for input would hold its caller up, and has nothing more to say.
    if (next !== undefined) next.catch(() => undefined);
    void items.return?.().catch(() => undefined);
  }
}
