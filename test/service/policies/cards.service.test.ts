/** The model cards of GET /v1/policies: of this deployment, and those that the command prints. */
import { describe, expect, it, vi } from 'vitest';
import { policiesFamily } from '../../../src/cli/commands/policies/policies.js';
import { TipstreamError } from '../../../src/errors.js';
import { PolicyCards } from '../../../src/service/policies/policy-cards.js';
import { Recount } from '../../../src/service/policies/recount.js';
import { runCommand } from '../../support/cli-in-process.js';
import { embeddedService } from '../../support/embedded/directory.js';
import { DEFAULT_SETTINGS } from '../../support/embedded/service.js';

const NOW_MS = 1_795_219_200_000;
const candidates = [{ tip_id: 't', is_overdue: false, task_age_days: 1, priority: 2 }];

async function deployment() {
  const embedded = await embeddedService({ partitions: 2, maxTaskIdleMs: 0, settings: { epsilon: 0.3, salt: 'ours' } });
  const users = ['ana', 'bo', 'chidi', 'dana'];
  await embedded.produce('tip.candidates', ...users.map((user_id) => ({ user_id, decision_id: 'd', requested_at_ms: NOW_MS, candidates })));
  await embedded.catchUp();
  await embedded.produce('tip.served', ...users.map((user_id) => ({ user_id, tip_id: 't', decision_id: 'd', served_at_ms: NOW_MS + 1 })));
  await embedded.produce('tip.feedback', { user_id: 'bo', tip_id: 't', action: 'done', reacted_at_ms: NOW_MS + 2 });
  const control = { control_id: 'c1', type: 'configure', effective_at_ms: NOW_MS + 3, settings: { epsilon: 0.05, shadow: 'egreedy-v2' } };
  const value = Buffer.from(JSON.stringify(control));
  await embedded.append(...[0, 1].map((partition) => ({ topic: 'policy.control', key: null, partition, value })));
  await embedded.catchUp();
  const cardOf = async (policy: string) => (await embedded.service.policies()).policies.find((one) => one.policy === policy)!.card;
  return { embedded, cardOf };
}

describe('the cards that the service shows', () => {
  it.each(['egreedy-v1', 'egreedy-v2', 'linucb'])(
    'are those that the command prints of %s: settings, training data, rollout',
    async (policy) => {
      const { embedded, cardOf } = await deployment();
      const args = ['policies', 'card', policy, '--data', embedded.directory, '--epsilon', '0.3', '--salt', 'ours'];
      const { code, stdout, stderr } = await runCommand([policiesFamily], args);
      expect([code, stderr]).toEqual([0, '']);
      expect(await cardOf(policy)).toBe(stdout);
    },
  );

  it('say what is in effect, what decisions were made with, and what they do not have', async () => {
    const { cardOf } = await deployment();
    const card = await cardOf('egreedy-v1');
    expect(card).toContain('| epsilon | 0.05 | 0.3 |\n| salt | "ours" | "ours" |\n| lambda | 1 |  |\n| shadow | egreedy-v2 |  |');
    expect(card).toContain('| it decided | 4 | 4 | 1 | 1.0000 |');
    expect(card).toMatch(/## Simulation\n\nNone was given: /);
    expect(card).toMatch(/## Evaluation on logged decisions\n\nNone was given: /);
    expect(card).not.toContain('Synthetic');
    expect(await cardOf('egreedy-v2')).toContain('configure');
  });

  it('say that decisions are still being counted, rather than wait for them, and have them once they are', async () => {
    const { embedded } = await deployment();
    const cards = new PolicyCards('', () => NOW_MS);
    const here = { paths: [embedded.statePath(0)], history: [], settings: DEFAULT_SETTINGS, priors: [] };
    const late = vi.spyOn(Recount.prototype, 'get').mockRejectedValueOnce(new TipstreamError('not_ready', 'still being counted'));
    expect((await cards.of(here)).get('egreedy-v1')).toContain('\n\nThe decisions are still being counted.\n\n## Simulation');
    expect((await cards.of(here)).get('egreedy-v1')).toContain('These are partitions 0 of 2.');
    expect(await cards.of(here)).toBe(await cards.of(here));
    late.mockRestore();
    cards.stop();
  });
});
