/** Calls at a steady rate, whether or not the earlier ones have been answered: a slow answer must not slow down the questions. */
export interface Pace {
  readonly perSecond: number;
  readonly seconds: number;
}

/** Resolves when every call has settled; rejects with the first failure. */
export async function atPace({ perSecond, seconds }: Pace, call: (index: number) => Promise<unknown> | void): Promise<void> {
  const startedMs = performance.now();
  const total = Math.round(perSecond * seconds);
  const pending = new Set<Promise<unknown>>();
  let failure: { readonly error: unknown } | undefined;
  for (let index = 0; index < total && failure === undefined; ) {
    const due = Math.min(total, Math.floor(((performance.now() - startedMs) / 1_000) * perSecond) + 1);
    for (; index < due; index++) {
      const answered = Promise.resolve(call(index)).then(
        () => void pending.delete(answered),
        (error: unknown) => void (failure ??= { error }),
      );
      pending.add(answered);
    }
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, startedMs + (index * 1_000) / perSecond - performance.now())));
  }
  await Promise.all(pending);
  if (failure !== undefined) throw failure.error;
}
