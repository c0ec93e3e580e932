"""What the contract says of one feature."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Dtype: TypeAlias = Literal["numeric", "categorical"]
"""numeric features are numbers, categorical ones text; either is None when there is nothing to say."""

FeatureValue: TypeAlias = int | float | str | None


@dataclass(frozen=True, slots=True)
class ProfileFeature:
    """One feature of a profile."""

    name: str
    dtype: Dtype
    description: str
    unit: str
    """What one unit of the value is: tips, ratio, ms, hour, weekday or category."""
