import { describe, expect, it } from 'vitest';
import { AUDIT_ACTIONS } from '../../../src/events/audit-event.js';
import { ACTIONS, auditPath, byText, leftOutText, moreText, whoText } from '../../../src/web/state/audit.js';
import { AUDIT } from '../../support/fake-audit.js';

const [reset, , refused, promoted, produced, guardrail] = AUDIT.entries;

describe('the page of changes', () => {
  it('offers what every action begins with', () => {
    expect(Object.keys(ACTIONS).sort()).toEqual([...new Set(AUDIT_ACTIONS.map((action) => action.split('.')[0]!))].sort());
  });

  it.each([
    [{}, '/v1/audit?last=100'],
    [
      { actor: 'a b', action: 'policy', since: '2026-01-31', rows: '1000' },
      '/v1/audit?actor=a+b&action=policy&since_ms=2026-01-31&last=1000',
    ],
    [{ rows: '12' }, '/v1/audit?last=100'],
  ])('asks for %j', (filter, path) => expect(auditPath(filter)).toBe(path));

  it('says who it was, and by what way', () => {
    const texts = [reset, promoted, guardrail].map((entry) => [whoText(entry!.actor), byText(entry!.actor)]);
    expect(texts).toEqual([
      ['olga', 'token, role operate'],
      ['otto on ops-1', 'command'],
      ['guardrail', 'the service itself'],
    ]);
    expect(whoText({ kind: 'loopback', role: 'operate' })).toBe('somebody on this machine');
    expect(byText({ kind: 'loopback', role: 'operate' })).toBe('HTTP without a token, role operate');
  });

  it('says why it was refused, else what it was', () => {
    expect(moreText(refused!)).toBe('this needs the role operate, and the token "rita" has the role read (forbidden)');
    expect(moreText(promoted!)).toBe('control id promote-1 · percent 10 · reason because <i>');
    expect(moreText(produced!)).toBe('requests 12 · written {"tip.served":1200}');
  });

  it('says what the rows leave out', () => {
    expect(leftOutText(AUDIT, 6)).toEqual([]);
    expect(leftOutText({ ...AUDIT, more: true }, 6)).toEqual(['The newest 6 are shown. There are older ones.']);
    expect(leftOutText({ ...AUDIT, more: true, complete: false, unreadable: 2 }, 6)).toEqual([
      'Older entries were not read in time. `npx tipstream audit` reads them all.',
      '2 records of the topic are no entries: something else than tipstream wrote them.',
    ]);
  });
});
