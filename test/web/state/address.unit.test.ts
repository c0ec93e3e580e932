import { describe, expect, it } from 'vitest';
import {
  formatAddress,
  goingTo,
  isAddressable,
  isPathSegment,
  matchPath,
  parseAddress,
  pathTo,
  withQuery,
} from '../../../src/web/state/address.js';

describe('an address', () => {
  it.each(['/', '/admin/lag?topic=tip.served&sort=-records', '/admin/users/a%2Fb?as_of=2026-01-31T18%3A00', '/admin/policies?against='])(
    '%s is written as it was read',
    (text) => expect(formatAddress(parseAddress(text))).toBe(text),
  );

  it('does not mind a slash at its end, or a question mark in a value', () => {
    expect(parseAddress('/admin/lag/?topic=a?b')).toEqual({ path: '/admin/lag', query: { topic: 'a?b' } });
  });

  it('changes parts of its query, and keeps an empty value apart from none', () => {
    const address = parseAddress('/x?a=1&b=2');
    expect(formatAddress(withQuery(address, { a: undefined, c: '' }))).toBe('/x?b=2&c=');
  });

  it('takes along how one looks, and leaves what one looked at', () => {
    const from = parseAddress('/admin/lag?refresh=off&time=utc&topic=tip.served');
    expect(formatAddress(goingTo(from, '/admin/policies', { against: 'v1' }))).toBe('/admin/policies?against=v1&refresh=off&time=utc');
  });
});

describe('a path', () => {
  it.each([
    ['/', '/', {}],
    ['/admin/users/{user_id}', '/admin/users/a%2Fb%20%F0%9F%A6%8A', { user_id: 'a/b 🦊' }],
    ['/admin/events/{topic}/{partition}/{offset}', '/admin/events/tip.served/3/17/', { topic: 'tip.served', partition: '3', offset: '17' }],
    ['/admin/users/{user_id}', '/admin/users', undefined],
    ['/admin/users/{user_id}', '/admin/users/', undefined],
    ['/admin/users/{user_id}', '/admin/users/a/b', undefined],
    ['/admin/users/{user_id}', '/admin/users/%zz', undefined],
    ['/admin', '/admins', undefined],
  ])('%s against %s', (pattern, path, parameters) => expect(matchPath(pattern, path)).toEqual(parameters));

  it.each(['ana', 'a/b', '100%', '?&=#', '🦊', '...', ' '])('of the user %j is found again', (id) => {
    expect(matchPath('/admin/users/{user_id}', pathTo('/admin/users/{user_id}', { user_id: id }))).toEqual({ user_id: id });
  });

  it.each(['.', '..', '', '\ud800'])('cannot have %j as a part', (id) => expect(isPathSegment(id)).toBe(false));
  it.each(['...', '.a', '%2e', '🦊'])('can have %j as a part', (id) => expect(isPathSegment(id)).toBe(true));

  it('cannot hold half of a surrogate pair', () => {
    expect(isAddressable('🦊')).toBe(true);
    expect(isAddressable('\ud800')).toBe(false);
    expect(pathTo('/admin/users/{user_id}', { user_id: 'a\udc00' })).toBe('/admin/users/a%EF%BF%BD');
  });
});
