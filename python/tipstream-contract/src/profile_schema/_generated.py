"""Written by `npm run contracts` from the registry of features. Change the registry and run it again."""

from typing import Final

from ._feature import ProfileFeature

FEATURE_SET: Final = "9de70b0b33d7a588"
"""Names what the features mean, 16 hex digits. Profiles of two feature sets cannot be compared."""

PROFILE_FEATURES: Final[tuple[ProfileFeature, ...]] = (
    ProfileFeature(
        name="completion_rate_30d",
        dtype="numeric",
        description=(
            "Share, 0 to 1, of the tips served in the last 30 days that the user has done; null when "
            "none was served."
        ),
        unit="ratio",
    ),
    ProfileFeature(
        name="dismiss_rate_30d",
        dtype="numeric",
        description=(
            "Share, 0 to 1, of the tips served in the last 30 days that the user has dismissed; null "
            "when none was served."
        ),
        unit="ratio",
    ),
    ProfileFeature(
        name="mean_dwell_ms_30d",
        dtype="numeric",
        description=(
            "Mean time from serving to first reaction, over the tips served in the last 30 days whose "
            "first reaction did not come before the serving; null when there is none."
        ),
        unit="ms",
    ),
    ProfileFeature(
        name="preferred_category",
        dtype="categorical",
        description=(
            "Category with the most tips that were served in the last 30 days and done, the smallest of "
            "equals by code point; null when no tip with a category was done."
        ),
        unit="category",
    ),
    ProfileFeature(
        name="preferred_hour",
        dtype="numeric",
        description=(
            "Local hour of the day, 0 to 23, in which the user did the most tips in the last 30 days, "
            "the smallest of equals; null when none was done."
        ),
        unit="hour",
    ),
    ProfileFeature(
        name="preferred_weekday",
        dtype="numeric",
        description=(
            "Local day of the week, 0 Monday to 6 Sunday, on which the user did the most tips in the "
            "last 30 days, the smallest of equals; null when none was done."
        ),
        unit="weekday",
    ),
    ProfileFeature(
        name="snooze_rate_30d",
        dtype="numeric",
        description=(
            "Share, 0 to 1, of the tips served in the last 30 days that the user has snoozed; null when "
            "none was served."
        ),
        unit="ratio",
    ),
    ProfileFeature(
        name="tip_volume_30d",
        dtype="numeric",
        description=(
            "Tips served in the last 30 days; 0 when none was."
        ),
        unit="tips",
    ),
)
"""The features of a profile, sorted by name."""
