/** How often all views ask the service, with a pause; local time or UTC. */
import { useNavigation } from '../state/location.js';
import { INTERVALS, secondsIn, secondsText } from '../state/polling.js';
import { useZone } from './small.js';

export interface RefreshControlProps {
  readonly isPaused: boolean;
  readonly onPause: (isPaused: boolean) => void;
  readonly onNow: () => void;
}

const OFF = 'off';

export function RefreshControl({ isPaused, onPause, onNow }: RefreshControlProps) {
  const { address, change } = useNavigation();
  const zone = useZone();
  const seconds = secondsIn(address.query['refresh']);
  const choose = (text: string) => {
    onPause(false);
    change({ refresh: secondsText(text === OFF ? null : Number(text)) });
  };
  return (
    <div class="refresh">
      <label for="refresh">Refresh</label>
      <select id="refresh" value={seconds === null ? OFF : String(seconds)} onChange={(event) => choose(event.currentTarget.value)}>
        {INTERVALS.map((each) => (
          <option key={each} value={each === null ? OFF : String(each)}>
            {each === null ? 'off' : `every ${each} s`}
          </option>
        ))}
      </select>
      {seconds === null ? (
        <button type="button" onClick={onNow}>
          Refresh now
        </button>
      ) : (
        <button type="button" aria-pressed={isPaused} onClick={() => onPause(!isPaused)}>
          {isPaused ? 'Go on' : 'Pause'}
        </button>
      )}
      <button
        type="button"
        aria-pressed={zone === 'utc'}
        title="Times of this machine, or UTC"
        onClick={() => change({ time: zone === 'utc' ? undefined : 'utc' })}
      >
        UTC
      </button>
    </div>
  );
}
