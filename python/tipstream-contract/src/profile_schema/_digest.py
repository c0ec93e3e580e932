"""The hash over profiles that `tipstream digest` prints: equal profiles have equal digests, in every language."""

import hashlib
import json
import math
import re
from collections.abc import Mapping
from typing import Final

from ._feature import FeatureValue

LONE_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def digest(profiles: Mapping[str, Mapping[str, FeatureValue]]) -> str:
    """SHA-256, 64 hex digits, over the lines of all users and features, sorted by user_id and name (by code point)."""
    hashed = hashlib.sha256()
    for user_id in sorted(profiles):
        for name in sorted(profiles[user_id]):
            hashed.update(digest_line(user_id, name, profiles[user_id][name]).encode())
    return hashed.hexdigest()


def digest_line(user_id: str, name: str, value: FeatureValue) -> str:
    """`user_id TAB feature TAB value LF`: numbers as ECMAScript prints them, text as JSON, None as null."""
    return f"{user_id}\t{name}\t{_printed(value)}\n"


def _printed(value: FeatureValue) -> str:
    if value is None:
        return "null"
    if isinstance(value, str):
        # What UTF-8 cannot hold is escaped; all else but control characters, quotes and backslashes stands for itself.
        return LONE_SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(value, ensure_ascii=False))
    return _number(float(value))


def _number(value: float) -> str:
    """As ECMAScript's Number::toString prints it: plain from 1e-6 up to 1e21, the shortest digits that give the same double."""
    if not math.isfinite(value):
        raise ValueError(f"no feature has the value {value}")
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    mantissa, exponent = f"{abs(value)!r}e0".split("e")[:2]
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    # 0.digits times ten to the power of `point` is the value.
    point = len(whole) + int(exponent) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    if len(digits) <= point <= 21:
        return f"{sign}{digits.ljust(point, '0')}"
    if 0 < point <= 21:
        return f"{sign}{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"{sign}0.{'0' * -point}{digits}"
    power = point - 1
    rest = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{sign}{digits[0]}{rest}e{'+' if power > 0 else '-'}{abs(power)}"
