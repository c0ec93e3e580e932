/** Work with several things that are open: each is closed when the work is over, the last one first, however the work ended. */

interface Closeable {
  close(): void;
}

/** Notes what is to be closed, and answers it. */
export type KeepOpen = <Opened extends Closeable>(opened: Opened) => Opened;

/** All are closed, whatever closing one of them throws. Throws what the work threw, or else the first error of closing. */
export async function closingInReverse<Result>(work: (keepOpen: KeepOpen) => Promise<Result>): Promise<Result> {
  const open: Closeable[] = [];
  const failures: unknown[] = [];
  let result: Result | undefined;
  try {
    result = await work((opened) => {
      open.push(opened);
      return opened;
    });
  } catch (error) {
    failures.push(error);
  }
  for (const opened of open.reverse()) {
    try {
      opened.close();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
  return result as Result;
}
