/** Messages of an outbox cross to another thread whole, and what carries them is handed over. */
import { expect, it } from 'vitest';
import { packMessages, unpackMessages } from '../../../../src/consumers/worker/threads/message-packing.js';
import { transferable } from '../../../../src/consumers/worker/threads/record-packing.js';
import type { StoredMessage } from '../../../../src/store/tables/outbox.js';

const across = (messages: readonly StoredMessage[]): StoredMessage[] => {
  const packed = packMessages(messages);
  return unpackMessages(structuredClone(packed, { transfer: transferable(packed) }));
};

it('nothing of a message is lost on the way', () => {
  const base = { topic: 'profile.features', key: Buffer.from('ana'), value: Buffer.from('{"a":1}'), headers: [] };
  const parts: readonly Partial<StoredMessage>[] = [
    {},
    { key: null },
    { value: null },
    { key: null, value: null, topic: 'tip.scored' },
    { value: Buffer.alloc(0) },
    {
      headers: [
        ['trace', Buffer.from([0, 255])],
        ['empty', null],
      ],
    },
    { topic: 'tip.scored', value: Buffer.from('last') },
  ];
  const messages = parts.map((part, i): StoredMessage => ({ ...base, seq: 2 ** 40 + i * 3, ...part }));
  expect(across(messages)).toStrictEqual(messages);
});

it('none are none, as often as there are none', () => {
  expect(across([])).toEqual([]);
  expect(across([])).toEqual([]);
});
