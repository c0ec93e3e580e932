/** What the guardrail sees of each rollout that stands, and the verdict that the newest promotion was made with. */
import type { GuardrailDocument, PoliciesDocument } from '../../../service/application.js';
import { count, counted, difference, percent } from '../../format/numbers.js';
import { durationText } from '../../format/times.js';
import { verdictIn } from '../../state/verdict.js';
import { Card, Pill, Time } from '../../view/small.js';

export function GuardrailCard({ guardrail, history }: Pick<PoliciesDocument, 'guardrail' | 'history'>) {
  const verdict = verdictIn(history);
  return (
    <Card title="Guardrail">
      {guardrail.length === 0 ? <p class="hint">Nothing is watched: no rollout stands, or it has not been looked at yet.</p> : null}
      {guardrail.map((rollout) => (
        <Rollout key={rollout.rollout_id} rollout={rollout} />
      ))}
      {verdict === undefined ? null : (
        <p class="hint">
          {verdict.policy} was promoted at <Time ms={verdict.atMs} /> {verdict.text}
          {verdict.evaluatedAtMs === undefined ? '' : ', judged at '}
          {verdict.evaluatedAtMs === undefined ? null : <Time ms={verdict.evaluatedAtMs} />}.
        </p>
      )}
    </Card>
  );
}

function Rollout({ rollout }: { readonly rollout: GuardrailDocument }) {
  const { policy, percent: covered, alpha, look, next_look_at_ms: nextLookMs, why_not: whyNot } = rollout;
  return (
    <>
      <p>
        {policy} for {covered} % of the users {whyNot === null ? <Pill tone="good">watched</Pill> : <Pill tone="wait">does not act</Pill>}
      </p>
      {whyNot === null ? null : <p class="hint">It does not act: {whyNot}.</p>}
      {look === null ? null : (
        <>
          <dl class="facts-list">
            <dt>In the rollout</dt>
            <dd>{armText(look.treated)}</dd>
            <dt>Not in it</dt>
            <dd>{armText(look.control)}</dd>
            <dt>Difference</dt>
            <dd>{difference({ low: -1, high: 1, ...look.interval, mean: look.difference }).text}</dd>
          </dl>
          <p class="hint">
            Reward per decision, known within {durationText(look.age_ms)} of the request, as of <Time ms={look.at_ms} />. A rollout with a
            surely lower reward is taken back: by chance alone with a probability of at most {percent(alpha)} over all looks, of which{' '}
            {percent(look.spent)} may have been used up.
          </p>
        </>
      )}
      {nextLookMs === null ? null : (
        <p class="hint">
          The next look comes when events have passed <Time ms={nextLookMs} />.
        </p>
      )}
    </>
  );
}

function armText({ users, decisions, reward }: NonNullable<GuardrailDocument['look']>['treated']): string {
  return reward === null
    ? 'no decision is old enough yet'
    : `${reward.toFixed(3)} in ${count(decisions)} decisions of ${counted(users, 'user')}`;
}
