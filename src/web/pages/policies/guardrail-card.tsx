/** What the guardrail compares, and the verdict that the newest promotion was made with. */
import type { PoliciesDocument } from '../../../service/application.js';
import { count, percent } from '../../format/numbers.js';
import { durationText } from '../../format/times.js';
import { verdictIn } from '../../state/verdict.js';
import { Card, Pill, Time } from '../../view/small.js';

export function GuardrailCard({ guardrail, history }: Pick<PoliciesDocument, 'guardrail' | 'history'>) {
  const verdict = verdictIn(history);
  return (
    <Card title="Guardrail">
      {guardrail === null ? (
        <p class="hint">Nothing is compared: no promotion stands that has a policy before it, or it has not been looked at yet.</p>
      ) : (
        <>
          <dl class="facts-list">
            <dt>Promoted</dt>
            <dd>{share(guardrail.promoted)}</dd>
            <dt>Before it</dt>
            <dd>{share(guardrail.previous)}</dd>
          </dl>
          <p class="hint">
            Shares of decisions that were done within {durationText(guardrail.age_ms)} of the request. The promotion is taken back once the
            upper end of the first lies below the lower end of the second.{' '}
            {guardrail.promoted.high < guardrail.previous.low ? <Pill tone="bad">surely worse</Pill> : <Pill tone="good">holds</Pill>}
          </p>
        </>
      )}
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

function share({ n, low, high }: { readonly n: number; readonly low: number; readonly high: number }): string {
  return n === 0 ? 'no decision is old enough yet' : `${percent(low)} to ${percent(high)} of ${count(n)} decisions`;
}
