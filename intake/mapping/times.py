"""Times as files write them: in a format, in a time zone unless they say their own offset."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from intake.mapping.refusals import ValueRefusedError
from intake.mapping.values import as_number, as_text
from streams.events import YEAR_MAX, YEAR_MIN

if TYPE_CHECKING:
    from collections.abc import Callable

ISO = "iso"
EPOCHS = {"epoch": 1, "epoch_ms": 1_000}  # how many of the unit a second has
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECONDS = 1_000_000
SECONDS_MAX = 8_000_000_000  # beyond the last year


def zone_named(name: str) -> ZoneInfo:
    """Return the time zone of an IANA name.

    Raises:
        ValueError: when there is none.
    """
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError) as error:
        raise ValueError(
            f"{name!r} is no time zone; write an IANA name such as 'Asia/Shanghai'"
        ) from error


def check_format(form: str) -> None:
    """Return if a format can be read.

    Raises:
        ValueError: when it can't.
    """
    if form == ISO or form in EPOCHS:
        return
    try:
        datetime.strptime("", form)  # noqa: DTZ007 - nothing is read
    except (ValueError, re.error) as error:
        if "does not match" not in str(error):
            raise ValueError(
                f"{form!r}: {error}; write iso, epoch, epoch_ms or strptime's, as in '%d.%m.%Y'"
            ) from error
    if not {"%Y", "%y", "%c", "%x", "%s"} & {form[at : at + 2] for at in range(len(form))}:
        raise ValueError(f"{form!r} has no year; write iso, epoch, or one with %Y")


def reader(form: str, zone: ZoneInfo) -> Callable[[object], datetime | None]:
    """Return the function that reads times of a format, and gives them in UTC.

    A local time that was twice, when clocks were put back, is the earlier; one that never was is
    refused. The function raises `ValueRefusedError`.
    """
    if form in EPOCHS:
        return lambda value: _since_epoch(value, EPOCHS[form])

    def read(value: object) -> datetime | None:
        if value is None:
            return None
        return _in_years(_utc(_moment(value, form), zone))

    return read


def _since_epoch(value: object, a_second: int) -> datetime | None:
    number = as_number(value)
    if number is None:
        return None
    if abs(number) > SECONDS_MAX * a_second:
        raise ValueRefusedError(
            f"is no time from {YEAR_MIN} to {YEAR_MAX}",
            "`epoch` counts seconds, `epoch_ms` milliseconds",
        )
    ticks = number * Decimal(MICROSECONDS // a_second)
    return _in_years(EPOCH + timedelta(microseconds=int(ticks)))


def _moment(value: object, form: str) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime.combine(value, time())
    return _parsed(as_text(value) or "", form)


def _parsed(text: str, form: str) -> datetime:
    try:
        if form == ISO:
            return datetime.fromisoformat(text)
        return datetime.strptime(text, form)  # noqa: DTZ007 - its zone is given below
    except ValueError as error:
        raise ValueRefusedError(
            f"is no time written as {form}", "correct it, or the `format` of `time` in the mapping"
        ) from error


def _utc(local: datetime, zone: ZoneInfo) -> datetime:
    if local.tzinfo is not None:
        return _moved(local)
    found = _moved(local.replace(tzinfo=zone))
    if found.astimezone(zone).replace(tzinfo=None) != local:
        raise ValueRefusedError(
            f"was no time in {zone.key}: the clocks were put forward over it",
            "correct it, or the `time_zone` of the mapping",
        )
    return found


def _moved(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise _outside() from error


def _in_years(moment: datetime) -> datetime:
    if not YEAR_MIN <= moment.year <= YEAR_MAX:
        raise _outside()
    return moment


def _outside() -> ValueRefusedError:
    return ValueRefusedError(
        f"does not lie in {YEAR_MIN} to {YEAR_MAX}", "correct it, or the `format` of `time`"
    )
