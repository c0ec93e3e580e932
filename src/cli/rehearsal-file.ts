/** What a data directory remembers of its rehearsal: who lives in it, and how far it has come. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { TipstreamError } from '../errors.js';
import { personaSchema } from '../simulation/persona.js';
import { writeWhole } from '../store/directory/write-whole.js';

const NAME = 'rehearsal.json';

const schema = z.strictObject({
  seed: z.int(),
  personas: z.array(personaSchema).min(1),
  users: z.int(),
  newcomersPerDay: z.int(),
  candidates: z.int(),
  startMs: z.int(),
  /** Unix ms: everything before is answered. */
  reachedMs: z.int(),
  /** Of the round from reachedMs on, if it has begun: where tip.scored ended then, by partition. */
  begunAt: z.array(z.tuple([z.int(), z.int()])).optional(),
});

export type RehearsalState = z.output<typeof schema>;

/** Undefined where there is none. Throws invalid_argument for a file that is none of ours. */
export function readRehearsal(directory: string): RehearsalState | undefined {
  const path = join(directory, NAME);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const result = schema.safeParse(parsed(text));
  if (!result.success)
    throw new TipstreamError('invalid_argument', `${path} is not what a rehearsal wrote`, {
      hint: 'Begin another one in another --data.',
    });
  return result.data;
}

/** Replaces the file as a whole. Throws disk_full. */
export function writeRehearsal(directory: string, state: RehearsalState): void {
  writeWhole(join(directory, NAME), JSON.stringify(state));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
