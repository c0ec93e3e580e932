/** `service.json`: as what the service last ran on this directory, for commands that ask after its end, or without its options. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { writeWhole } from './write-whole.js';

const document = z.object({
  /** The consumer group as whose member it ran. */
  group: z.string().min(1),
  /** The policy in the shadow where no control says otherwise. */
  shadow: z.string().nullable(),
});

export type ServiceNote = z.infer<typeof document>;

const noteFile = (dataDirectory: string) => join(dataDirectory, 'service.json');

/** undefined where there is no such note, or none that can be read. */
export function notedService(dataDirectory: string): ServiceNote | undefined {
  try {
    return document.parse(JSON.parse(readFileSync(noteFile(dataDirectory), 'utf8')));
  } catch {
    return undefined;
  }
}

/** By the process that owns the directory. Only a note: a full disk keeps nothing from going on. */
export function noteService(dataDirectory: string, { group, shadow }: ServiceNote): void {
  const noted = notedService(dataDirectory);
  if (noted?.group === group && noted.shadow === shadow) return;
  try {
    writeWhole(noteFile(dataDirectory), `${JSON.stringify({ group, shadow })}\n`);
  } catch {
    // What keeps it from being written is said by whoever writes what matters.
  }
}
