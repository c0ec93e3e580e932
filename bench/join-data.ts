/**
 * Events and a spine for the point-in-time join: `join-data.ts FOLDER`. One user with 100,000 tips and 5,000 with 20, over 45 days, four in
 * five with a reaction; 200,000 rows in any order, of which 1,000 are of the large user.
 */
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { seededRandom } from '../test/support/seeded-random.js';

const DAY_MS = 86_400_000;
const START_MS = Date.UTC(2026, 9, 17);
const [LARGE_TIPS, USERS, TIPS, ROWS, LARGE_ROWS] = [100_000, 5_000, 20, 200_000, 1_000];

const folder = process.argv[2];
if (folder === undefined) throw new Error('join-data.ts FOLDER');
mkdirSync(folder, { recursive: true });
const random = seededRandom(7);
const below = (end: number): number => Math.floor(random() * end);
const moment = (): number => START_MS + below(45 * DAY_MS);

function* events(): Generator<string> {
  for (let user = 0; user <= USERS; user++) {
    for (let tip = 0; tip < (user === 0 ? LARGE_TIPS : TIPS); tip++) {
      const [ids, at] = [{ user_id: `user-${user}`, tip_id: `tip-${tip}` }, moment()];
      yield JSON.stringify({ topic: 'tip.served', value: { ...ids, served_at_ms: at, category: 'abcdef'[below(6)] } });
      if (below(5) === 0) continue;
      const action = ['done', 'dismiss', 'snooze'][below(3)];
      yield JSON.stringify({ topic: 'tip.feedback', value: { ...ids, action, reacted_at_ms: at + below(DAY_MS) } });
    }
  }
}

function* spine(): Generator<string> {
  yield 'user_id,as_of_ms,label';
  for (let row = 0; row < ROWS; row++) {
    const user = row % (ROWS / LARGE_ROWS) === 0 ? 0 : 1 + below(USERS);
    yield `user-${user},${moment()},${below(2)}`;
  }
}

function write(name: string, lines: Iterable<string>): void {
  const file = openSync(join(folder!, name), 'w');
  let held = '';
  for (const line of lines) {
    held += `${line}\n`;
    if (held.length < 1_000_000) continue;
    writeSync(file, held);
    held = '';
  }
  writeSync(file, held);
  closeSync(file);
}

write('events.ndjson', events());
write('spine.csv', spine());
