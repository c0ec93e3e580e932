/** The answer of `work`; what it was done with is closed in any case. */
export async function closedAfter<Value>(work: Promise<Value>, close: () => Promise<unknown>): Promise<Value> {
  try {
    return await work;
  } finally {
    await close();
  }
}
