"""The contract beside the registry of features that it was written from, as the command line shows it."""

import dataclasses
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any, get_args

import profile_schema
import pytest
from profile_schema import FEATURE_SET, PROFILE_FEATURES, Dtype, ProfileFeature, feature_names

MAIN = Path(__file__).parents[3] / "dist/cli/main.js"


@pytest.fixture(scope="module")
def registry() -> dict[str, Any]:
    node = shutil.which("node")
    if node is None or not MAIN.exists():
        pytest.fail("the registry is read from tipstream itself: npm ci && npm run build first")
    printed = subprocess.run([node, MAIN, "features", "list", "--json"], check=True, capture_output=True).stdout
    document: dict[str, Any] = json.loads(printed)
    return document


def test_the_names_are_the_registrys(registry: dict[str, Any]) -> None:
    theirs = {feature["name"] for feature in registry["features"]}
    assert set(feature_names()) ^ theirs == set()


@pytest.mark.parametrize("field", ["dtype", "unit", "description"])
def test_every_field_is_the_registrys(registry: dict[str, Any], field: str) -> None:
    theirs = {feature["name"]: feature[field] for feature in registry["features"]}
    assert {feature.name: getattr(feature, field) for feature in PROFILE_FEATURES} == theirs


def test_the_feature_set_is_the_registrys(registry: dict[str, Any]) -> None:
    assert registry["feature_set"] == FEATURE_SET


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
