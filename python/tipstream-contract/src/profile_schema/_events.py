"""The two events that profiles are made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

Action: TypeAlias = Literal["done", "dismiss", "snooze"]


@dataclass(frozen=True, slots=True)
class Served:
    """tip.served: a tip was shown. Times are Unix milliseconds."""

    user_id: str
    tip_id: str
    served_at_ms: int
    category: str | None = None

    @property
    def at_ms(self) -> int:
        return self.served_at_ms


@dataclass(frozen=True, slots=True)
class Feedback:
    """tip.feedback: the user reacted. utc_offset_min: minutes that the user's local time was ahead of UTC."""

    user_id: str
    tip_id: str
    action: Action
    reacted_at_ms: int
    utc_offset_min: int | None = None

    @property
    def at_ms(self) -> int:
        return self.reacted_at_ms


TipEvent: TypeAlias = Served | Feedback


def event_of(topic: str, value: Mapping[str, Any]) -> TipEvent:
    """The event in a record's JSON value. Raises ValueError for another topic, and for a field that is absent or of another type.

    It reads the fields that profiles need. Everything else that makes an event valid is checked by tipstream.
    """
    if topic == "tip.served":
        return Served(
            user_id=_text(value, "user_id"),
            tip_id=_text(value, "tip_id"),
            served_at_ms=_integer(value, "served_at_ms"),
            category=None if value.get("category") is None else _text(value, "category"),
        )
    if topic == "tip.feedback":
        return Feedback(
            user_id=_text(value, "user_id"),
            tip_id=_text(value, "tip_id"),
            action=_action(value),
            reacted_at_ms=_integer(value, "reacted_at_ms"),
            utc_offset_min=None if value.get("utc_offset_min") is None else _integer(value, "utc_offset_min"),
        )
    raise ValueError(f"no profile is made of {topic}: give tip.served or tip.feedback")


def _text(value: Mapping[str, Any], field: str) -> str:
    found = value.get(field)
    if not isinstance(found, str):
        raise ValueError(f"{field}: expected text, not {found!r}")
    return found


def _integer(value: Mapping[str, Any], field: str) -> int:
    """A number with an integral value (60.0) is an integer."""
    found = value.get(field)
    if isinstance(found, bool) or not isinstance(found, int | float) or found != found // 1:
        raise ValueError(f"{field}: expected an integer, not {found!r}")
    return int(found)


def _action(value: Mapping[str, Any]) -> Action:
    for action in get_args(Action):
        if value.get("action") == action:
            return action  # type: ignore[no-any-return]
    raise ValueError(f"action: expected done, dismiss or snooze, not {value.get('action')!r}")
