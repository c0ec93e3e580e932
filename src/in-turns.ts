import { setImmediate } from 'node:timers/promises';

/**
 * Runs a generator to its end and answers what it returns. After each step whatever else the thread has to do has its turn. Throws the
 * signal's reason.
 */
export async function inTurns<Step, Result>(
  steps: Generator<Step, Result>,
  signal: AbortSignal,
  onStep: (step: Step) => void = () => undefined,
): Promise<Result> {
  let step = steps.next();
  for (; step.done !== true; step = steps.next()) {
    onStep(step.value);
    await setImmediate();
    signal.throwIfAborted();
  }
  return step.value;
}
