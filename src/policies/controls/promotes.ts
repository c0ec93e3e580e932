/**
 * Which promotes stand, and what each promote and rollback has come to.
 *
 * - A promote that says what the last standing one says already (two people promoted at once) repeats it: together they are one step.
 * - A rollback that names the promote it takes back takes that back, with its repeats, whichever comes first by time. A second rollback of
 *   it changes nothing.
 * - A rollback that names none, as earlier versions wrote it, takes back the last promote, and of a repeated one the last repeat.
 */
import type { ControlEvent } from '../../topics.js';

export interface ControlEffect {
  readonly effect: 'stands' | 'repeats' | 'taken_back' | 'takes_back' | 'nothing';
  /** control_id of the promote that it repeats or takes back, or of the rollback that took it back; null: there is none. */
  readonly effect_of: string | null;
}

/** A standing promote, and those that repeat it. */
type Step = [first: ControlEvent, ...repeats: ControlEvent[]];

interface Story {
  /** Oldest first. */
  readonly steps: Step[];
  /** By control_id, of promotes and rollbacks. */
  readonly effects: Map<string, ControlEffect>;
}

/** `controls` in effect, in their order: see `controlsInEffect`. */
function storyOf(controls: Iterable<ControlEvent>): Story {
  const story: Story = { steps: [], effects: new Map() };
  /** control_id of a promote -> of the first rollback that names it. */
  const named = new Map<string, string>();
  for (const control of controls) {
    if (control.type === 'promote') promote(story, control, named.get(control.control_id));
    if (control.type !== 'rollback') continue;
    if (control.takes_back == null) takeLastBack(story, control);
    else {
      takeBack(story, control, control.takes_back);
      if (!named.has(control.takes_back)) named.set(control.takes_back, control.control_id);
    }
  }
  return story;
}

function promote({ steps, effects }: Story, control: ControlEvent, takenBackBy: string | undefined): void {
  const { control_id: id } = control;
  const last = steps.at(-1);
  if (takenBackBy !== undefined) {
    effects.set(id, { effect: 'taken_back', effect_of: takenBackBy });
    effects.set(takenBackBy, { effect: 'takes_back', effect_of: id });
  } else if (last !== undefined && saysTheSame(last[0], control)) {
    last.push(control);
    effects.set(id, { effect: 'repeats', effect_of: last[0].control_id });
  } else {
    steps.push([control]);
    effects.set(id, { effect: 'stands', effect_of: null });
  }
}

function saysTheSame(a: ControlEvent, b: ControlEvent): boolean {
  return (
    a.policy === b.policy &&
    (a.percent ?? 100) === (b.percent ?? 100) &&
    // Two at once each began a rollout by itself: the first of them is the one that there is.
    ((a.rollout_id ?? null) === (b.rollout_id ?? null) || (beginsRollout(a) && beginsRollout(b))) &&
    (a.holdout ?? null) === (b.holdout ?? null)
  );
}

function beginsRollout({ control_id: id, rollout_id: rolloutId }: ControlEvent): boolean {
  return rolloutId === id;
}

function takeBack({ steps, effects }: Story, { control_id: id }: ControlEvent, named: string): void {
  const index = steps.findIndex((step) => step.some((one) => one.control_id === named));
  const [step] = index < 0 ? [] : steps.splice(index, 1);
  effects.set(id, step === undefined ? { effect: 'nothing', effect_of: null } : { effect: 'takes_back', effect_of: step[0].control_id });
  for (const one of step ?? []) effects.set(one.control_id, { effect: 'taken_back', effect_of: id });
}

function takeLastBack({ steps, effects }: Story, { control_id: id }: ControlEvent): void {
  const last = steps.at(-1);
  const taken = last?.pop();
  if (last?.length === 0) steps.pop();
  if (taken !== undefined) effects.set(taken.control_id, { effect: 'taken_back', effect_of: id });
  effects.set(id, taken === undefined ? { effect: 'nothing', effect_of: null } : { effect: 'takes_back', effect_of: taken.control_id });
}

/** The promotes that no rollback has taken back, oldest first, without their repeats. `controls` as for `effectsOf`. */
export function standingPromotes(controls: Iterable<ControlEvent>): ControlEvent[] {
  return storyOf(controls).steps.map(([first]) => first);
}

/** What each promote and rollback has come to, by control_id. `controls` in effect, in their order: see `controlsInEffect`. */
export function effectsOf(controls: Iterable<ControlEvent>): ReadonlyMap<string, ControlEffect> {
  return storyOf(controls).effects;
}
