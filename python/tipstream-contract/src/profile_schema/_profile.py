"""The features of a profile, straight from their definitions.

The window of a time T is half-open: [T - 30 days, T). An event at T does not exist yet, and one at T - 30 days counts.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from typing import Final, TypeAlias, TypeVar

from ._events import TipEvent
from ._feature import FeatureValue
from ._tips import Tip, tips_as_of

Key = TypeVar("Key", int, str)

Profile: TypeAlias = dict[str, FeatureValue]
"""The features by name, in the order of PROFILE_FEATURES."""

DAY_MS: Final = 86_400_000
WINDOW_MS: Final = 30 * DAY_MS
HOUR_MS: Final = 3_600_000
MINUTE_MS: Final = 60_000
THURSDAY: Final = 3
"""1970-01-01 was a Thursday; Monday is 0."""


def profile(events: Iterable[TipEvent], as_of_ms: int) -> Profile | None:
    """One user's profile as of a time, from all of their events; None when the user is not known then."""
    tips = tips_as_of(events, as_of_ms).values()
    return profile_of_tips(tips, as_of_ms) if is_known(tips, as_of_ms) else None


def profiles(events: Iterable[TipEvent], as_of_ms: int) -> dict[str, Profile]:
    """The profiles of all users who are known as of a time, sorted by user_id."""
    by_user: defaultdict[str, list[TipEvent]] = defaultdict(list)
    for event in events:
        by_user[event.user_id].append(event)
    found = ((user_id, profile(by_user[user_id], as_of_ms)) for user_id in sorted(by_user))
    return {user_id: features for user_id, features in found if features is not None}


def is_known(tips: Iterable[Tip], as_of_ms: int) -> bool:
    """A user is known as of a time when any of the four kept times of any of their tips lies in its window."""
    return any(
        _in_window(at, as_of_ms)
        for tip in tips
        for at in (tip.served_at_ms, tip.done_at_ms, tip.dismiss_at_ms, tip.snooze_at_ms)
    )


def profile_of_tips(tips: Iterable[Tip], as_of_ms: int) -> Profile:
    """The features of one user's tips as of a time. Kept times that have not come by then count as absent."""
    tips = list(tips)
    volume = [tip for tip in tips if _in_window(tip.served_at_ms, as_of_ms)]
    done = [tip for tip in volume if _before(tip.done_at_ms, as_of_ms)]
    local = [
        tip.done_at_ms + (tip.done_utc_offset_min or 0) * MINUTE_MS
        for tip in tips
        if tip.done_at_ms is not None and _in_window(tip.done_at_ms, as_of_ms)
    ]
    return {
        "completion_rate_30d": _share(done, volume),
        "dismiss_rate_30d": _share([tip for tip in volume if _before(tip.dismiss_at_ms, as_of_ms)], volume),
        "mean_dwell_ms_30d": _mean_dwell_ms(volume, as_of_ms),
        "preferred_category": _mode(tip.served_category for tip in done if tip.served_category is not None),
        "preferred_hour": _mode(at_ms // HOUR_MS % 24 for at_ms in local),
        "preferred_weekday": _mode((at_ms // DAY_MS + THURSDAY) % 7 for at_ms in local),
        "snooze_rate_30d": _share([tip for tip in volume if _before(tip.snooze_at_ms, as_of_ms)], volume),
        "tip_volume_30d": len(volume),
    }


def _before(at_ms: int | None, as_of_ms: int) -> bool:
    return at_ms is not None and at_ms < as_of_ms


def _in_window(at_ms: int | None, as_of_ms: int) -> bool:
    return at_ms is not None and as_of_ms - WINDOW_MS <= at_ms < as_of_ms


def _share(some: Collection[Tip], of: Collection[Tip]) -> float | None:
    return len(some) / len(of) if of else None


def _mean_dwell_ms(volume: Iterable[Tip], as_of_ms: int) -> float | None:
    """A tip whose first reaction came before its serving has no dwell."""
    dwells = [
        reacted - tip.served_at_ms
        for tip in volume
        if tip.served_at_ms is not None
        and (reacted := tip.reacted_at_ms) is not None
        and tip.served_at_ms <= reacted < as_of_ms
    ]
    return sum(dwells) / len(dwells) if dwells else None


def _mode(keys: Iterable[Key]) -> Key | None:
    """The most frequent key, the smallest among equals; None of none."""
    counts = Counter(keys)
    return min(counts, key=lambda key: (-counts[key], key), default=None)
