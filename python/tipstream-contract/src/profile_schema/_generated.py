"""Written by `npm run contracts` from the registry of features. Change the registry and run it again."""

from typing import Final

from ._feature import ActivityFeature, ProfileFeature

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

ACTIVITY_FEATURE_SET: Final = "ed4056a20efd711c"
"""Names what the features mean where `--features core,activity` adds ACTIVITY_FEATURES."""

ACTIVITY_FEATURES: Final[tuple[ActivityFeature, ...]] = (
    ActivityFeature(
        name="active_days_30d",
        dtype="numeric",
        description=(
            "Local dates on which a session started in the last 30 days; 0 when none did."
        ),
        unit="days",
        when_empty=0,
    ),
    ActivityFeature(
        name="active_hour",
        dtype="numeric",
        description=(
            "Local hour of the day, 0 to 23, in which the most sessions of the last 30 days started, "
            "the smallest of equals; null when none did."
        ),
        unit="hour",
        when_empty=None,
    ),
    ActivityFeature(
        name="sessions_30d",
        dtype="numeric",
        description=(
            "Sessions that started in the last 30 days; 0 when none did."
        ),
        unit="sessions",
        when_empty=0,
    ),
    ActivityFeature(
        name="signal_age_ms",
        dtype="numeric",
        description=(
            "Time since any source of signals was last read, however long ago; null when none ever was."
        ),
        unit="ms",
        when_empty=None,
    ),
    ActivityFeature(
        name="signal_age_ms_by_source",
        dtype="object",
        description=(
            "For each source of signals, the time since it was last read, however long ago; null when "
            "none ever was."
        ),
        unit="ms",
        when_empty=None,
    ),
    ActivityFeature(
        name="typical_session_ms",
        dtype="numeric",
        description=(
            "Median length of the sessions that started in the last 30 days and have ended, the lower "
            "of the two middle ones; null when there is none."
        ),
        unit="ms",
        when_empty=None,
    ),
)
"""The features that `--features core,activity` adds to PROFILE_FEATURES, sorted by name."""
