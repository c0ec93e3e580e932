/** The time that a profile is asked for: typed, or by a slider over the last 60 days. */
import { useRef, useState } from 'preact/hooks';
import { asOfGiven, iso, timeText } from '../../format/times.js';
import { withQuery } from '../../state/address.js';
import { useNavigation } from '../../state/location.js';
import { HOURS_BACK, hoursOf, timeAt } from '../../state/time-travel.js';
import { useZone } from '../../view/small.js';

export interface AsOfProps {
  /** As the address has it. */
  readonly asOf: string | undefined;
  /** What the service took it for; undefined: it has not answered. */
  readonly asOfMs: number | undefined;
}

export function AsOf({ asOf, asOfMs }: AsOfProps) {
  const { address, go } = useNavigation();
  const input = useRef<HTMLInputElement>(null);
  const goTo = (time: string | undefined) => go(withQuery(address, { as_of: time }));
  const show = (event: Event) => {
    event.preventDefault();
    goTo(asOfGiven(input.current!.value));
  };
  return (
    <form class="search" onSubmit={show}>
      <div>
        <label for="as-of">As of</label>
        <input
          ref={input}
          id="as-of"
          key={asOf}
          defaultValue={asOf ?? ''}
          autocomplete="off"
          spellcheck={false}
          placeholder="now"
          aria-describedby="as-of-help"
        />
      </div>
      <button type="submit">Show</button>
      <p id="as-of-help" class="hint">
        Unix ms or ISO 8601 in UTC, such as 2026-01-31T18:00. Empty: now.
      </p>
      <Slider
        hours={hoursOf(asOf === undefined ? undefined : asOfMs, Date.now())}
        onTime={(ms) => goTo(ms === undefined ? undefined : iso(ms))}
      />
    </form>
  );
}

interface SliderProps {
  readonly hours: number;
  /** undefined: now. */
  readonly onTime: (ms: number | undefined) => void;
}

/** While it is dragged it says where it is; the profile follows when it is let go, so that Back leads to the time before. */
function Slider({ hours, onTime }: SliderProps) {
  const zone = useZone();
  const [dragged, setDragged] = useState<number | undefined>();
  const nowMs = Date.now();
  const ms = timeAt(dragged ?? hours, nowMs);
  const says = ms === undefined ? 'now' : timeText(ms, nowMs, zone);
  return (
    <div class="slider">
      <label for="time-travel">Back in time, at most 60 days: {says}</label>
      <input
        id="time-travel"
        type="range"
        min={0}
        max={HOURS_BACK}
        step={1}
        value={dragged ?? hours}
        aria-valuetext={says}
        onInput={(event) => setDragged(Number(event.currentTarget.value))}
        onChange={(event) => {
          setDragged(undefined);
          onTime(timeAt(Number(event.currentTarget.value), Date.now()));
        }}
      />
    </div>
  );
}
