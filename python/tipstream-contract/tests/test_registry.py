"""The contract beside the registry of features that it was written from, as the command line shows it."""

import dataclasses
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any, get_args

import profile_schema
import pytest
from profile_schema import (
    ACTIVITY_FEATURE_SET,
    ACTIVITY_FEATURES,
    FEATURE_SET,
    PROFILE_FEATURES,
    Dtype,
    ProfileFeature,
    feature_names,
)

MAIN = Path(__file__).parents[3] / "dist/cli/main.js"


def listed(*options: str) -> dict[str, Any]:
    node = shutil.which("node")
    if node is None or not MAIN.exists():
        pytest.fail("the registry is read from tipstream itself: npm ci && npm run build first")
    command = [node, str(MAIN), "features", "list", "--json", *options]
    document: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return document


@pytest.fixture(scope="module")
def registry() -> dict[str, Any]:
    return listed()


def test_the_names_are_the_registrys(registry: dict[str, Any]) -> None:
    theirs = {feature["name"] for feature in registry["features"]}
    assert set(feature_names()) ^ theirs == set()


@pytest.mark.parametrize("field", ["dtype", "unit", "description"])
def test_every_field_is_the_registrys(registry: dict[str, Any], field: str) -> None:
    theirs = {feature["name"]: feature[field] for feature in registry["features"]}
    assert {feature.name: getattr(feature, field) for feature in PROFILE_FEATURES} == theirs


def test_the_feature_set_is_the_registrys(registry: dict[str, Any]) -> None:
    assert registry["feature_set"] == FEATURE_SET


def test_the_features_of_activity_are_the_registrys() -> None:
    wider = listed("--features", "core,activity")
    assert wider["feature_set"] == ACTIVITY_FEATURE_SET
    fields = ("name", "dtype", "description", "unit", "when_empty")
    theirs = [
        {field: one[field] for field in fields} for one in wider["features"] if one["name"] not in feature_names()
    ]
    assert [dataclasses.asdict(feature) for feature in ACTIVITY_FEATURES] == theirs
    assert {one["name"] for one in wider["features"]} >= set(feature_names())


def test_names_are_sorted_and_distinct() -> None:
    assert list(feature_names()) == sorted(set(feature_names()))
    assert feature_names() == tuple(feature.name for feature in PROFILE_FEATURES)


def test_dtypes_are_of_the_two() -> None:
    assert {feature.dtype for feature in PROFILE_FEATURES} <= set(get_args(Dtype))


def test_features_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        PROFILE_FEATURES[0].name = "other"  # type: ignore[misc]
    assert dataclasses.fields(ProfileFeature)[0].name == "name"


def test_the_package_says_that_it_is_typed() -> None:
    assert (Path(profile_schema.__file__).parent / "py.typed").exists()
