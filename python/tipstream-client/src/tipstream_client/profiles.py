"""A profile as the service, a snapshot and a join give it."""

from collections.abc import Mapping
from dataclasses import dataclass

from profile_schema import ACTIVITY_FEATURES, FeatureValue, profile_of_tips

EMPTY: Mapping[str, FeatureValue] = profile_of_tips([], 0)
"""The features of a user of whom nothing is known: nulls, and volume 0."""
EMPTY_ACTIVITY: Mapping[str, FeatureValue] = {feature.name: feature.when_empty for feature in ACTIVITY_FEATURES}
"""What an installation with `--features core,activity` adds to that."""


@dataclass(frozen=True, slots=True)
class UserProfile:
    """The features of a user as of a time."""

    user_id: str
    as_of_ms: int
    found: bool
    """Whether the user is known as of then."""
    features: Mapping[str, FeatureValue | Mapping[str, int]]
    """By name. Of a user who is not known: nulls, and counts of 0."""
    feature_set: str
    """Names the definitions."""
