/** What a record did, in sentences: to a tip and its features, to a decision, as a control, or as a dead letter. */
import type { RecordDocument, RecordEffect as Effect } from '../../service/application.js';
import { HAPPENINGS } from '../format/features.js';
import { count } from '../format/numbers.js';
import { DecisionLink } from './decision-link.js';
import { UserLink } from './link.js';
import { DeadLetterLink, RecordLink } from './record-link.js';
import { Time } from './small.js';

export function RecordEffect({ record }: { readonly record: RecordDocument }) {
  const { refused, refusal, applied, effect, is_folded: isFolded } = record;
  if (refused !== null) return <Refused refused={refused} />;
  if (refusal !== null)
    return (
      <>
        <p>
          {applied === false ? 'It will be refused' : 'It is refused'}: {refusal.message} <code>{refusal.code}</code>
        </p>
        <DeadLetter of={record.dead_letter} />
      </>
    );
  if (!isFolded) return <p>Nothing: no state is made of the records of this topic.</p>;
  if (effect === null)
    return <p>{applied === false ? 'Nothing yet: it is not applied.' : 'What it did is not known here: this process does not fold it.'}</p>;
  switch (effect.kind) {
    case 'tip':
      return <TipEffect effect={effect} asOfMs={record.as_of_ms} />;
    case 'row':
      return <RowEffect effect={effect} asOfMs={record.as_of_ms} />;
    case 'decision':
      return <DecisionEffect effect={effect} />;
    case 'forgotten':
      return <p>A user is forgotten: what they had below these offsets does not exist any more.</p>;
    case 'control':
      return effect.is_this ? (
        <p>
          It is the control <b>{effect.control_id}</b>.
        </p>
      ) : (
        <p>
          Nothing: the control <b>{effect.control_id}</b> is <RecordLink record={effect.control} instead="elsewhere" />, which came first.
        </p>
      );
  }
}

function Refused({ refused }: { readonly refused: NonNullable<RecordDocument['refused']> }) {
  const { record, code, message, failed_at_ms: failedAtMs, redrive_count: redriven } = refused;
  return (
    <>
      <p>
        It is the dead letter of <RecordLink record={record} instead="a record that its headers do not name" />.
      </p>
      <p>
        Refused{failedAtMs === null ? '' : ' at '}
        {failedAtMs === null ? null : <Time ms={failedAtMs} />}: {message ?? 'its headers do not say why'} <code>{code}</code>
        {redriven ? `. Put back ${count(redriven)} times before.` : ''}
      </p>
    </>
  );
}

function DeadLetter({ of }: { readonly of: RecordDocument['dead_letter'] }) {
  if (of === null) return null;
  if (of.record !== null)
    return (
      <p>
        Its dead letter is <DeadLetterLink letter={of.record} />.
      </p>
    );
  return (
    <p class="hint">
      {of.looked_at < of.of
        ? `No dead letter of it is among the newest ${count(of.looked_at)} of ${count(of.of)}.`
        : 'No dead letter of it is in the log: it may be on its way, or deleted.'}
    </p>
  );
}

function TipEffect({ effect, asOfMs }: { readonly effect: Effect & { readonly kind: 'tip' }; readonly asOfMs: number }) {
  const { user_id: userId, tip_id: tipId, happening, at_ms: atMs, is_kept: isKept, kept_at_ms: keptAtMs } = effect;
  return (
    <>
      <p>
        It says that <UserLink userId={userId} /> {happening === 'served' ? 'was shown' : `met with ${HAPPENINGS[happening]}`} the tip{' '}
        <b>{tipId}</b> at <Time ms={atMs} />.
      </p>
      <p>
        {isKept ? (
          `It is kept: the earliest ${HAPPENINGS[happening]} of the tip.`
        ) : keptAtMs === null ? (
          'Nothing is kept of it any more: tips older than --retain are pruned.'
        ) : (
          <>
            It changes nothing: the {HAPPENINGS[happening]} that is kept of the tip is of <Time ms={keptAtMs} />.
          </>
        )}
      </p>
      {isKept ? (
        <p>
          {effect.counted_in.length === 0 ? 'No feature counts it' : `Counted in ${effect.counted_in.join(', ')}`}, as of{' '}
          <Time ms={asOfMs} />.
        </p>
      ) : null}
      {effect.decisions.length === 0 ? null : (
        <ul>
          {effect.decisions.map(({ decision_id: id, record, reward }) => (
            <li key={id}>
              The tip was served for decision <DecisionLink userId={userId} decisionId={id} />,{' '}
              <RecordLink record={record} instead="not read back" />,{' '}
              {reward === null ? 'which has no reward yet' : `whose reward is ${reward}`}.
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function RowEffect({ effect, asOfMs }: { readonly effect: Effect & { readonly kind: 'row' }; readonly asOfMs: number }) {
  const { user_id: userId, table, is_kept: isKept, row, counted_in: countedIn } = effect;
  return (
    <>
      <p>
        It is about a {table} of <UserLink userId={userId} />.
      </p>
      <p>
        {row === null
          ? 'Nothing is kept of it any more: what is older than --retain is pruned.'
          : isKept
            ? 'It is kept.'
            : 'Other events of the same key say more: what is kept is not all from this one.'}
      </p>
      {row === null ? null : (
        <p>
          {countedIn.length === 0 ? 'No feature counts it' : `Counted in ${countedIn.join(', ')}`}, as of <Time ms={asOfMs} />.
        </p>
      )}
    </>
  );
}

function DecisionEffect({ effect }: { readonly effect: Effect & { readonly kind: 'decision' } }) {
  const { user_id: userId, decision_id: decisionId, is_this: isThis, decision, shadow } = effect;
  return (
    <>
      <p>
        {isThis ? 'It is of decision ' : 'It did nothing: there was a record of the same decision before, '}
        <DecisionLink userId={userId} decisionId={decisionId} /> for <UserLink userId={userId} />.
      </p>
      <p>
        Decision: <RecordLink record={decision} instead="not in tip.scored yet" />. Shadow: <RecordLink record={shadow} instead="none" />.
      </p>
    </>
  );
}
