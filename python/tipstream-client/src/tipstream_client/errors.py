"""What can go wrong, as exceptions. Each has one of tipstream's codes, what is wrong, and where there is one what to do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


class TipstreamError(Exception):
    """An error of the service, of a command or of this package.

    code is one of tipstream's error codes (docs/operating.md lists them), or `unreachable` where nobody answered.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        hint: str | None = None,
        details: Mapping[str, Any] | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(f"{code}: {message}" + (f"\n{hint}" if hint else ""))
        self.code = code
        self.message = message
        self.hint = hint
        self.details: Mapping[str, Any] = details or {}
        self.status = status
        """The HTTP status; None where no HTTP answer says so."""


class UserNotFoundError(TipstreamError):
    """No event of the user lies in the 30 days before the time."""


class ContractMismatchError(TipstreamError):
    """The profiles have other definitions than the installed tipstream-contract."""


@dataclass(frozen=True, slots=True)
class Rejection:
    """One event that was not accepted."""

    index: int
    """Of the event among those given, from 0."""
    code: str
    message: str


class InvalidEventsError(TipstreamError):
    """Events were rejected. Those not named were written, unless the call was atomic."""

    def __init__(
        self,
        code: str,
        message: str,
        *,
        accepted: int,
        rejected: int,
        rejections: Sequence[Rejection],
        hint: str | None,
    ) -> None:
        super().__init__(code, message, hint=hint)
        self.accepted = accepted
        self.rejected = rejected
        self.rejections = tuple(rejections)
        """As many as the service names: of very many, the first."""


def error_of(document: Mapping[str, Any], status: int | None = None) -> TipstreamError:
    """The exception of an error document: {code, message, hint?, details?}, the hint also within details."""
    details = dict(document.get("details") or {})
    hint = document.get("hint") or details.pop("hint", None)
    kind = UserNotFoundError if document.get("code") == "user_not_found" else TipstreamError
    return kind(
        str(document.get("code", "internal")),
        str(document.get("message", "")),
        hint=hint,
        details=details,
        status=status,
    )
