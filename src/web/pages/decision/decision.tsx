/** A decision: the live choice and the shadow's side by side, piece by piece, and what came of it. */
import type { Choice, DecisionDocument } from '../../../service/application.js';
import { iso } from '../../format/times.js';
import type { PageProps } from '../../page.js';
import { pathTo } from '../../state/address.js';
import { useFilter } from '../../state/use-filter.js';
import { usePolled } from '../../state/use-polled.js';
import { Facts } from '../../view/facts.js';
import { Link, UserLink } from '../../view/link.js';
import { RecordLink } from '../../view/record-link.js';
import { Answer, Card, Pill, Time } from '../../view/small.js';
import { SearchState } from '../user/events-behind.js';
import { Candidates } from './candidates.js';
import { Score } from './score.js';

export default function Decision({ parameters }: PageProps) {
  const { user_id: userId, decision_id: decisionId } = parameters as { user_id: string; decision_id: string };
  const decision = usePolled<DecisionDocument>(`/v1/users/${encodeURIComponent(userId)}/decisions/${encodeURIComponent(decisionId)}`);
  const { values, set } = useFilter(['tip']);
  return (
    <Answer of={decision}>
      {(document) => {
        const { live, shadow } = document;
        const tip = live.candidates.some(({ tip_id: id }) => id === values.tip) ? values.tip! : live.chosen_tip_id;
        return (
          <div class="stack">
            <Card title="Request and reward">
              <Outcome decision={document} />
              <SearchState search={document.search} />
            </Card>
            <div class="pair">
              <Card title="Live">
                <ChoiceFacts choice={live} userId={userId} />
              </Card>
              <Card title="Shadow">
                {shadow === null ? <p>No shadow has scored this request.</p> : <ChoiceFacts choice={shadow} userId={userId} />}
              </Card>
            </div>
            <Candidates live={live} shadow={shadow} chosen={tip} onChoose={(id) => set({ tip: id })} />
            <Score live={live} shadow={shadow} tip={tip} />
          </div>
        );
      }}
    </Answer>
  );
}

/** What profiles are made of. */
const ofTips = (positions: Choice['positions']) =>
  Object.fromEntries(Object.entries(positions).filter(([topic]) => /tip\.(?:served|feedback)$/.test(topic)));

function Outcome({ decision }: { readonly decision: DecisionDocument }) {
  const {
    user_id: userId,
    requested_at_ms: requestedAtMs,
    request,
    served,
    reward,
    rewardable_until_ms: untilMs,
    is_closed: isClosed,
  } = decision;
  return (
    <Facts
      of={[
        ['User', <UserLink userId={userId} />],
        [
          'Requested',
          <>
            <Time ms={requestedAtMs} />, <RecordLink record={request} instead="by POST /score" />
          </>,
        ],
        [
          'Served',
          served === null ? (
            <span class="muted">none of its candidates so far</span>
          ) : (
            <>
              {served.tip_id}, <Time ms={served.served_at_ms} />,{' '}
              <RecordLink record={served.record} instead="record not found in what was looked at" />
            </>
          ),
        ],
        [
          'Reward',
          reward === null ? (
            <span class="muted">none so far{untilMs === null ? '' : <Until ms={untilMs} />}</span>
          ) : (
            <>
              <b>{reward.value}</b> for {reward.tip_id}
              {reward.happening === null || reward.at_ms === null ? (
                ', of which the time was pruned'
              ) : (
                <>
                  {' '}
                  by its {reward.happening} at <Time ms={reward.at_ms} />,{' '}
                  <RecordLink record={reward.record} instead="record not found in what was looked at" />
                </>
              )}
              {isClosed ? ', and it stays so' : untilMs === null ? '' : <Until ms={untilMs} />}
            </>
          ),
        ],
      ]}
    />
  );
}

function Until({ ms }: { readonly ms: number }) {
  return (
    <>
      . Reactions before <Time ms={ms} /> count
    </>
  );
}

function ChoiceFacts({ choice, userId }: { readonly choice: Choice; readonly userId: string }) {
  const chosen = choice.candidates.find(({ tip_id: id }) => id === choice.chosen_tip_id);
  return (
    <Facts
      of={[
        ['Policy', choice.policy],
        ['Record', <RecordLink record={choice.record} instead="not read back yet" />],
        ['Scored', <Time ms={choice.scored_at_ms} />],
        [
          'Chosen',
          <>
            <b>{choice.chosen_tip_id}</b> {choice.explored ? <Pill tone="wait">explored</Pill> : <Pill tone="plain">best</Pill>}
          </>,
        ],
        ['Epsilon, salt', `${choice.epsilon}, ${JSON.stringify(choice.salt)}`],
        [
          'Draw',
          <>
            {choice.u}
            {chosen === undefined ? '' : `, from ${chosen.drawn.from} on and below ${chosen.drawn.to}`}{' '}
            {choice.draw_adds_up ? <Pill tone="good">gives the choice</Pill> : <Pill tone="bad">does not give the choice</Pill>}
          </>,
        ],
        ['Learned from', `${choice.updates} rewarded decisions${choice.prior === null ? '' : `, from the prior ${choice.prior} on`}`],
        [
          'Profile',
          <Link
            to={pathTo('/admin/users/{user_id}', { user_id: userId })}
            query={{ as_of: iso(choice.profile.as_of_ms), known_at: JSON.stringify(ofTips(choice.positions)) }}
          >
            as it was known then
          </Link>,
        ],
      ]}
    />
  );
}
