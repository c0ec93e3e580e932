"""What is true of a tip as of a time: the earliest event of each kind before it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from ._events import Feedback, Served, TipEvent

Comparable = TypeVar("Comparable", int, str)


@dataclass(frozen=True, slots=True)
class Tip:
    """The kept times of a tip, Unix milliseconds, with the serving's category and the done's offset.

    A tip whose serving is unknown has no served_at_ms. These are also the columns of a snapshot's table `tips`.
    """

    served_at_ms: int | None = None
    served_category: str | None = None
    done_at_ms: int | None = None
    done_utc_offset_min: int | None = None
    dismiss_at_ms: int | None = None
    snooze_at_ms: int | None = None

    @property
    def reacted_at_ms(self) -> int | None:
        """The earliest reaction."""
        return _least(at for at in (self.done_at_ms, self.dismiss_at_ms, self.snooze_at_ms) if at is not None)


def tips_as_of(events: Iterable[TipEvent], as_of_ms: int) -> dict[str, Tip]:
    """The tips of one user by tip_id. Only events with a time before as_of_ms exist. Order and repetition do not matter."""
    by_tip: defaultdict[str, list[TipEvent]] = defaultdict(list)
    for event in events:
        if event.at_ms < as_of_ms:
            by_tip[event.tip_id].append(event)
    return {tip_id: _tip_of(of_tip) for tip_id, of_tip in by_tip.items()}


def _tip_of(events: list[TipEvent]) -> Tip:
    servings = [event for event in events if isinstance(event, Served)]
    reactions = [event for event in events if isinstance(event, Feedback)]
    times = {
        action: _least(event.reacted_at_ms for event in reactions if event.action == action)
        for action in ("done", "dismiss", "snooze")
    }
    served_at_ms = _least(event.served_at_ms for event in servings)
    # Where several events share the earliest time, each field is taken alone: the smallest of the present values.
    return Tip(
        served_at_ms=served_at_ms,
        served_category=_least(
            event.category for event in servings if event.served_at_ms == served_at_ms and event.category is not None
        ),
        done_at_ms=times["done"],
        done_utc_offset_min=_least(
            event.utc_offset_min
            for event in reactions
            if event.action == "done" and event.reacted_at_ms == times["done"] and event.utc_offset_min is not None
        ),
        dismiss_at_ms=times["dismiss"],
        snooze_at_ms=times["snooze"],
    )


def _least(values: Iterable[Comparable]) -> Comparable | None:
    """Numbers by value, text by code point, which is how Python compares it."""
    return min(values, default=None)
