/**
 * What a power failure can leave of SQLite's write-ahead log: its tail cut, garbled or missing. SQLite then goes back to the last
 * transaction that is whole, and the state with it: file and positions together, so that the rest is read again. docs/semantics.md,
 * "What a crash leaves".
 */
import { closeSync, ftruncateSync, openSync, readSync, rmSync, statSync, writeSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CrashWorld, PARTITIONS } from '../../support/crash/world.js';

const HEADER = 32;
const FRAME = 24 + 4_096;

type Tear = (file: number, bytes: number) => void;
const cut =
  (to: (bytes: number) => number): Tear =>
  (file, bytes) =>
    ftruncateSync(file, to(bytes));
const flip =
  (where: (bytes: number) => number): Tear =>
  (file, bytes) => {
    const byte = Buffer.alloc(1);
    readSync(file, byte, 0, 1, where(bytes));
    writeSync(file, Buffer.from([byte[0]! ^ 0x10]), 0, 1, where(bytes));
  };
const zero =
  (from: (bytes: number) => number, count: number): Tear =>
  (file, bytes) =>
    void writeSync(file, Buffer.alloc(count), 0, count, from(bytes));
/** Of the frame in the middle. */
const middle = (bytes: number) => HEADER + Math.floor((bytes - HEADER) / FRAME / 2) * FRAME;

const TEARS: readonly (readonly [what: string, tear: Tear, drops: 'little' | 'much' | 'nothing'])[] = [
  ['cut in the middle of its last frame', cut((bytes) => bytes - 2_000), 'little'],
  ['cut a third of the way', cut((bytes) => Math.floor(bytes / 3)), 'much'],
  ['cut behind its header', cut(() => HEADER), 'much'],
  ['cut to nothing', cut(() => 0), 'much'],
  ['changed by a bit in its last frame', flip((bytes) => bytes - 100), 'little'],
  ['changed by a bit in the checksum of a frame', flip((bytes) => middle(bytes) + 17), 'much'],
  ['with a page of zeros in the middle', zero((bytes) => middle(bytes) + 24, 4_096), 'much'],
  ['with a header of zeros', zero(() => 0, HEADER), 'much'],
  ['with garbage behind its last frame', (file, bytes) => void writeSync(file, Buffer.alloc(FRAME, 0x5a), 0, FRAME, bytes), 'nothing'],
];

function walOf(world: CrashWorld, partition: number): string {
  return `${world.embedded.statePath(partition)}-wal`;
}

describe("a state file's write-ahead log", () => {
  it.concurrent.for(TEARS)(
    '%s: the state goes back to what is whole, and on from there',
    async ([what, tear, drops], { onTestFinished }) => {
      const world = await CrashWorld.open(what.length);
      onTestFinished(() => world.close());
      await world.dies('batch: after commit', 41);
      const before = await world.appliedRecords();
      for (let partition = 0; partition < PARTITIONS; partition++) {
        const { size } = statSync(walOf(world, partition));
        expect(size).toBeGreaterThan(10 * FRAME);
        const file = openSync(walOf(world, partition), 'r+');
        tear(file, size);
        closeSync(file);
      }
      await world.expectWhole();
      const left = await world.appliedRecords();
      if (drops === 'nothing') expect(left).toBe(before);
      else expect(left).toBeLessThan(drops === 'much' ? before : before + 1); // the last transaction need not have applied records
      await world.append(100);
      await world.restarts();
      await world.expectRight({ refusedAgain: true });
    },
  );

  it.concurrent('gone altogether, of one partition: that one goes back, the other does not', async ({ onTestFinished }) => {
    const world = await CrashWorld.open(77);
    onTestFinished(() => world.close());
    await world.dies('publish: after', 20);
    rmSync(walOf(world, 1));
    await world.expectWhole();
    await world.restarts();
    await world.expectRight({ refusedAgain: true });
  });
});
