/** The simulated users: how many of each persona, under which ids, in which time zones. */
import { PERSONAS, type Habits, type Persona } from './personas.js';
import { randomStream, type Random } from '../random.js';

export interface SimulatedUser {
  /** persona-NNN */
  readonly userId: string;
  readonly persona: Persona;
  /** Minutes their local time is ahead of UTC. */
  readonly utcOffsetMin: number;
  /** Whether their app sends utc_offset_min when it is 0; absent means 0 as well. */
  readonly sendsZeroOffset: boolean;
  /** This user's own sequence: what they do depends on the seed and on nobody else. */
  readonly random: Random;
}

/** UTC offsets in minutes, some of them not whole hours, with how common they are here. */
const TIME_ZONES: readonly { readonly offset: number; readonly weight: number }[] = [
  { offset: -480, weight: 2 },
  { offset: -300, weight: 4 },
  { offset: -210, weight: 1 },
  { offset: 0, weight: 4 },
  { offset: 60, weight: 6 },
  { offset: 120, weight: 3 },
  { offset: 330, weight: 3 },
  { offset: 345, weight: 1 },
  { offset: 540, weight: 2 },
  { offset: 600, weight: 1 },
];

/** `users` people, the personas in proportion to their shares. The same seed and number give the same people. */
export function castUsers(seed: number, users: number): SimulatedUser[] {
  const numbers = new Map<Persona, number>();
  return Array.from({ length: users }, (_, index) => {
    const persona = personaOf(index, users);
    const number = (numbers.get(persona) ?? 0) + 1;
    numbers.set(persona, number);
    const userId = `${persona.name}-${String(number).padStart(3, '0')}`;
    const random = randomStream(seed, userId);
    return {
      userId,
      persona,
      utcOffsetMin: random.weighted(TIME_ZONES, (zone) => zone.weight).offset,
      sendsZeroOffset: random.chance(0.5),
      random,
    };
  });
}

/** The persona at this place when the shares are laid end to end: exact proportions, not drawn ones. */
function personaOf(index: number, users: number): Persona {
  const total = PERSONAS.reduce((sum, persona) => sum + persona.share, 0);
  let left = ((index + 0.5) / users) * total;
  return PERSONAS.find((persona) => (left -= persona.share) < 0)!;
}

/** What somebody likes after so many days. */
export function habitsOn(persona: Persona, day: number): Habits {
  return persona.drift !== undefined && day >= persona.drift.afterDays ? persona.drift.habits : persona.habits;
}
