"""Which texts are ids: user_id, tip_id and decision_id have one rule."""

import re

MOST_CODE_POINTS = 128
_NOT_IN_AN_ID = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")

ID_RULE = f"1 to {MOST_CODE_POINTS} characters, none of them a control character"


def is_id(value: object) -> bool:
    """Whether an event can have it: 1 to 128 code points of well-formed Unicode without control characters."""
    return isinstance(value, str) and 1 <= len(value) <= MOST_CODE_POINTS and _NOT_IN_AN_ID.search(value) is None
