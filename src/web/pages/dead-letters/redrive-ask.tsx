/** What is to be put back, at most how much of it and how fast; of one dead letter, whether it is corrected first. */
import { useRef, useState } from 'preact/hooks';
import { iso } from '../../format/times.js';
import { chosenText, numberGiven, type RedriveChoice } from '../../state/redrive.js';

const MOST_RECORDS = 100_000;
const MOST_A_SECOND = 1_000_000;

export interface RedriveProps {
  /** Which dead letters: as the view around it shows them. */
  readonly of: RedriveChoice;
  /** How many there are; absent: it is one. */
  readonly matching?: number;
  /** job_id of the redrive that runs already. */
  readonly running?: string | null;
  /** Of one: its value, which may be corrected; absent: it is no text. */
  readonly text?: string | undefined;
}

interface AskProps extends RedriveProps {
  readonly isBusy: boolean;
  readonly onCheck: (request: RedriveChoice) => void;
}

export function RedriveAsk({ of, matching, text, isBusy, onCheck }: AskProps) {
  const form = useRef<HTMLFormElement>(null);
  const [wrong, setWrong] = useState('');
  const [corrected, setCorrected] = useState<string | undefined>();
  const check = (event: Event) => {
    event.preventDefault();
    const valueOf = (name: string) => (form.current!.elements.namedItem(name) as HTMLInputElement | null)?.value ?? '';
    const [max, rate] = [numberGiven(valueOf('max'), MOST_RECORDS), numberGiven(valueOf('rate'), MOST_A_SECOND)];
    setWrong(max.wrong === undefined ? (rate.wrong === undefined ? '' : `Records a second: ${rate.wrong}`) : `At most: ${max.wrong}`);
    if (max.wrong !== undefined || rate.wrong !== undefined) return;
    const again = (form.current!.elements.namedItem('again') as HTMLInputElement | null)?.checked === true;
    onCheck({
      ...of,
      ...(max.number === undefined ? {} : { max: max.number }),
      ...(rate.number === undefined ? {} : { rate: rate.number }),
      ...(again ? { again } : {}),
      ...(corrected === undefined || corrected === text ? {} : { value: corrected }),
    });
  };
  if (matching === 0) return <p class="hint">There is nothing to put back.</p>;
  return (
    <form ref={form} onSubmit={check} class="stack">
      <p class="hint">
        Puts {chosenText(of, iso)} back on {of.dead_letter === undefined ? 'their topics' : 'its topic'}, byte for byte. The check sends
        nothing: it says which records would be accepted and how profiles would change, and you decide then. Fix the producer first.
      </p>
      {of.dead_letter === undefined ? (
        <div class="filter">
          <div>
            <label for="max">At most</label>
            <input id="max" name="max" inputMode="numeric" autocomplete="off" placeholder="10000" aria-describedby="redrive-wrong" />
          </div>
          <div>
            <label for="rate">Records a second</label>
            <input id="rate" name="rate" inputMode="numeric" autocomplete="off" placeholder="no limit" aria-describedby="redrive-wrong" />
          </div>
          <label class="check">
            <input type="checkbox" name="again" /> Also those put back before and refused again
          </label>
        </div>
      ) : (
        <Correction text={text} corrected={corrected} onCorrect={setCorrected} />
      )}
      <p id="redrive-wrong" class="problem" role="alert">
        {wrong}
      </p>
      <p class="actions">
        <button type="submit" disabled={isBusy}>
          Check what it would do
        </button>
      </p>
    </form>
  );
}

interface CorrectionProps {
  readonly text: string | undefined;
  /** undefined: the value stays as it is. */
  readonly corrected: string | undefined;
  readonly onCorrect: (text: string | undefined) => void;
}

function Correction({ text, corrected, onCorrect }: CorrectionProps) {
  if (corrected === undefined)
    return (
      <p class="actions">
        <button type="button" onClick={() => onCorrect(text ?? '')}>
          Correct the value first
        </button>
      </p>
    );
  return (
    <div>
      <label for="corrected">Value to send instead; the user_id in it becomes the key, and the dead letter keeps the old one</label>
      <textarea
        id="corrected"
        rows={6}
        spellcheck={false}
        value={corrected}
        onInput={(event) => onCorrect(event.currentTarget.value)}
        aria-describedby="redrive-wrong"
      />
      <p class="actions">
        <button type="button" onClick={() => onCorrect(undefined)}>
          Send it as it was
        </button>
      </p>
    </div>
  );
}
