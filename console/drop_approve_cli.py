"""`flowdrop drop submit | approve | reject | withdraw`: what is large is not launched alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click

from console.access_cli import acting_option, actor, console_session
from console.reporting.shape import lang_option
from flowdrop.options import as_json_option

if TYPE_CHECKING:
    from console.drops.standing import Standing
    from console.i18n import LocalizedText

F = TypeVar("F", bound=Callable[..., Any])


def _common(command: F) -> F:
    for option in (lang_option(), as_json_option(), acting_option(), click.argument("name")):
        command = option(command)
    return command


@click.command("submit", epilog="Example: flowdrop drop submit spring")
@_common
def submit_command(name: str, **common: Any) -> None:
    """Hand a draft in to be approved; it is locked until that is decided.

    One within the limits of the settings approve_over_coins and approve_over_people is approved by
    that, and recorded as approved automatically; launching such a draft does the same.
    """
    _do("submit", name, with_policy=True, **common)


@click.command(
    "approve", epilog="Example: flowdrop drop approve spring --acting-as ann@example.com"
)
@click.option("--note", "reason", default="", help="What the log is to keep of it.")
@_common
def approve_command(name: str, reason: str, **common: Any) -> None:
    """Approve a drop that is in review, as somebody with the role of approver.

    Nobody approves what they made, changed last or handed in, or the same review twice.
    """
    _do("decide", name, approves=True, reason=reason, review=None, **common)


@click.command("reject", epilog="Example: flowdrop drop reject spring --reason 'holdout too small'")
@click.option("--reason", required=True, help="What has to change.")
@_common
def reject_command(name: str, reason: str, **common: Any) -> None:
    """Reject a drop that is in review; it is a draft again."""
    _do("decide", name, approves=False, reason=reason, review=None, **common)


@click.command("withdraw", epilog="Example: flowdrop drop withdraw spring")
@_common
def withdraw_command(name: str, **common: Any) -> None:
    """Make a drop that is in review, or approved, a draft again, to change it."""
    _do("withdraw", name, **common)


COMMANDS = (submit_command, approve_command, reject_command, withdraw_command)


def _do(
    what: str,
    name: str,
    *,
    as_json: bool,
    lang: str,
    acting_as: str | None,
    with_policy: bool = False,
    **how: Any,
) -> None:
    from console.drops import service
    from console.drops.policy import policy_of
    from console.drops.standing import standing
    from console.settings import ConsoleSettings
    from flowdrop.output import print_json, say
    from flowdrop.settings import load

    policy = policy_of(load(ConsoleSettings))
    if with_policy:
        how["policy"] = policy
    with console_session() as session:
        by = actor(session, acting_as)
        drop = getattr(service, what)(session, name, actor=by, now=datetime.now(UTC), **how)
        found = standing(session, drop, policy)
    if as_json:
        print_json(asdict(found))
    else:
        say(_said(found).of(lang))


def _said(found: Standing) -> LocalizedText:
    from console.i18n import LocalizedText

    if found.state == "draft":
        return LocalizedText("{name} is a draft; change it, then hand it in again", name=found.name)
    if found.state == "in_review":
        return LocalizedText(
            "{name} is in review: {given} of {needed} have approved it",
            name=found.name,
            given=found.approvals,
            needed=found.needed,
        )
    if found.automatic:
        return LocalizedText("{name} is approved automatically, by its size", name=found.name)
    return LocalizedText(
        "{name} is approved; launch it with `flowdrop drop launch {name}`", name=found.name
    )
