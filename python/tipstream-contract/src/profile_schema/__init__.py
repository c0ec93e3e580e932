"""The features of tipstream's user profiles: what they are called, what they are, and how to compute them.

- PROFILE_FEATURES, FEATURE_SET and feature_names() say what a profile has.
- ACTIVITY_FEATURES are those that `--features core,activity` adds to them.
- profile() and profiles() compute it from events, exactly as tipstream does.
- digest() gives the hash that `tipstream digest` prints.
"""

from ._digest import digest, digest_line
from ._events import Feedback, Served, TipEvent, event_of
from ._feature import ActivityDtype, ActivityFeature, Dtype, FeatureValue, ProfileFeature
from ._generated import ACTIVITY_FEATURE_SET, ACTIVITY_FEATURES, FEATURE_SET, PROFILE_FEATURES
from ._profile import WINDOW_MS, Profile, is_known, profile, profile_of_tips, profiles
from ._tips import Tip, tips_as_of

__all__ = [
    "ACTIVITY_FEATURES",
    "ACTIVITY_FEATURE_SET",
    "FEATURE_SET",
    "PROFILE_FEATURES",
    "WINDOW_MS",
    "ActivityDtype",
    "ActivityFeature",
    "Dtype",
    "FeatureValue",
    "Feedback",
    "Profile",
    "ProfileFeature",
    "Served",
    "Tip",
    "TipEvent",
    "digest",
    "digest_line",
    "event_of",
    "feature_names",
    "is_known",
    "profile",
    "profile_of_tips",
    "profiles",
    "tips_as_of",
]


def feature_names() -> tuple[str, ...]:
    """The names of PROFILE_FEATURES, in their order."""
    return tuple(feature.name for feature in PROFILE_FEATURES)
