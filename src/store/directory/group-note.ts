/** `group.json`: the consumer group as whose member the service last ran here, so that `lag` knows it after the service's end. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { writeWhole } from './write-whole.js';

const document = z.object({ group: z.string().min(1) });
const groupFile = (dataDirectory: string) => join(dataDirectory, 'group.json');

/** undefined where there is no such note, or none that can be read. */
export function notedGroup(dataDirectory: string): string | undefined {
  try {
    return document.parse(JSON.parse(readFileSync(groupFile(dataDirectory), 'utf8'))).group;
  } catch {
    return undefined;
  }
}

/** By the process that owns the directory. Only a note: a full disk keeps nothing from going on. */
export function noteGroup(dataDirectory: string, group: string): void {
  if (notedGroup(dataDirectory) === group) return;
  try {
    writeWhole(groupFile(dataDirectory), `${JSON.stringify({ group })}\n`);
  } catch {
    // What keeps it from being written is said by whoever writes what matters.
  }
}
