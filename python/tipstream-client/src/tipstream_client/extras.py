"""The optional packages, asked for where they are needed, so that the rest works without them."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import ModuleType


def optional(module: str, extra: str) -> Any:
    """The module. Raises ImportError that says what to install."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ImportError(f"this needs {module}: pip install 'tipstream-client[{extra}]'") from error


def pandas() -> ModuleType:
    return optional("pandas", "pandas")  # type: ignore[no-any-return]
