import fc from 'fast-check';
import { expect, it } from 'vitest';
import { UidSet } from '../../../src/store/queries/uid-set.js';

it('counts each uid once, as a set does', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.nat(40), fc.nat(200_000))), (uids) => {
      const set = new UidSet();
      for (const [i, uid] of uids.entries()) {
        set.add(uid);
        expect(set.size).toBe(new Set(uids.slice(0, i + 1)).size);
      }
    }),
  );
});
