/** Counts how often the event loop goes round until the function that this answers is called. */
export function countTurns(): () => number {
  let turns = 0;
  let next: NodeJS.Immediate;
  const turn = () => {
    turns++;
    next = setImmediate(turn);
  };
  next = setImmediate(turn);
  return () => {
    clearImmediate(next);
    return turns;
  };
}
