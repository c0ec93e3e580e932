"""What the contract says of one feature."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Dtype: TypeAlias = Literal["numeric", "categorical"]
"""numeric features are numbers, categorical ones text; either is None when there is nothing to say."""

ActivityDtype: TypeAlias = Literal["numeric", "object"]
"""The value of an object feature is a number for each name; in flat tables it is that object's JSON text."""

FeatureValue: TypeAlias = int | float | str | None


@dataclass(frozen=True, slots=True)
class ProfileFeature:
    """One feature of a profile."""

    name: str
    dtype: Dtype
    description: str
    unit: str
    """What one unit of the value is: tips, ratio, ms, hour, weekday or category."""


@dataclass(frozen=True, slots=True)
class ActivityFeature:
    """One feature of those that `--features core,activity` adds."""

    name: str
    dtype: ActivityDtype
    description: str
    unit: str
    """What one unit of the value, or of each number in it, is: sessions, days, hour or ms."""
    when_empty: int | None
    """The value of a user of whom nothing is known."""
