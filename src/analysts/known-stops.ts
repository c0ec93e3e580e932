/** Where the log is to stop for each row that has positions of its own, in orders in which it never has to go back. */

export interface Stop {
  readonly seq: number;
  readonly userId: string;
  /** Unix ms. */
  readonly asOfMs: number;
  /** The next offset of each topic. */
  readonly positions: readonly number[];
}

/**
 * The next offset of each topic, from {topic: next_offset} of the user's partition, as in tip.scored, or from {topic: {partition:
 * next_offset}}, as `digest` prints them. A topic that is not named had none. A text is what is wrong.
 */
export function readKnownPositions(text: string | null, topics: readonly string[], partition: number): readonly number[] | string {
  let json: unknown;
  try {
    json = JSON.parse(text ?? 'null');
  } catch {
    return 'is not JSON';
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return 'is not an object of positions';
  const given = json as Record<string, unknown>;
  if (!topics.some((topic) => topic in given)) return `names neither ${topics.join(' nor ')}`;
  const positions: number[] = [];
  for (const topic of topics) {
    const found = given[topic] ?? 0;
    const offset = typeof found === 'object' && found !== null ? ((found as Record<string, unknown>)[partition] ?? 0) : found;
    if (!Number.isSafeInteger(offset) || (offset as number) < 0) return `has ${JSON.stringify(found)} for ${topic}, which is not an offset`;
    positions.push(offset as number);
  }
  return positions;
}

/**
 * As few lists as a first fit finds in which no position goes back. Those of one partition's decisions make one: a partition only moves
 * forward.
 */
export function chainsOf(stops: readonly Stop[]): Stop[][] {
  const sorted = [...stops].sort((a, b) => firstDifference(a.positions, b.positions) || a.asOfMs - b.asOfMs);
  const chains: Stop[][] = [];
  for (const stop of sorted) {
    const chain = chains.find((one) => one.at(-1)!.positions.every((offset, i) => offset <= stop.positions[i]!));
    if (chain === undefined) chains.push([stop]);
    else chain.push(stop);
  }
  return chains;
}

function firstDifference(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return 0;
}
