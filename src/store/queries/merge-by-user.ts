import { compareCodePoints } from '../../events/strings.js';

/** Streams that are each in the order of their user ids, by code point, as one in that order. A user is in one of them only. */
export function* mergeByUser<T extends { readonly userId: string }>(streams: readonly Iterator<T, undefined>[]): Generator<T> {
  const heads = streams.map((stream) => stream.next().value);
  for (;;) {
    let least: number | undefined;
    for (let i = 0; i < heads.length; i++) {
      const head = heads[i];
      if (head !== undefined && (least === undefined || compareCodePoints(head.userId, heads[least]!.userId) < 0)) least = i;
    }
    if (least === undefined) return;
    yield heads[least]!;
    heads[least] = streams[least]!.next().value;
  }
}
