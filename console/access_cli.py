"""`flowdrop users`: who has an account in the console, and in which roles."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click

from flowdrop.options import as_csv_option, as_json_option

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy.orm import Session

    from console.access.people import Post
    from console.access.permission import Actor
    from console.access.tables import User

F = TypeVar("F", bound=Callable[..., Any])


@contextmanager
def console_session() -> Iterator[Session]:
    """Give a session of the console's database."""
    from sqlalchemy.orm import Session

    from console.database import open_database
    from console.settings import ConsoleSettings
    from flowdrop.settings import load

    with Session(open_database(load(ConsoleSettings).database)) as session:
        yield session


def acting_option() -> Callable[[F], F]:
    """Give a command `--acting-as`."""
    return click.option(
        "--acting-as",
        metavar="EMAIL",
        help="Act for this person, with their roles; the audit log keeps both (default: the "
        "operator of this machine).",
    )


def actor(session: Session, acting_as: str | None) -> Actor:
    """Return for whom a command acts."""
    from console.access import people
    from console.access.permission import machine

    own = machine()
    return people.acting_as(session, acting_as, own) if acting_as else own


def _roles_options(command: F) -> F:
    for option in (
        click.option(
            "--organisation",
            default="",
            metavar="ADVERTISER",
            help="The advertiser whose person it is (default: the platform).",
        ),
        click.option(
            "--role",
            "roles",
            multiple=True,
            metavar="ROLE",
            help="One of viewer, marketer, approver (of an advertiser), marketer, approver, "
            "data_scientist, operator, administrator (of the platform); may be repeated.",
        ),
    ):
        command = option(command)
    return command


@click.group("users", epilog="Example: flowdrop users list --json")
def users() -> None:
    """List, invite and deactivate who may sign in to the console; change their roles."""


@users.command("list", epilog="Example: flowdrop users list")
@as_json_option()
@as_csv_option()
def list_users(*, as_json: bool, as_csv: bool) -> None:
    """List everybody with an account, by address."""
    from console.access import people, told
    from flowdrop.output import print_csv, print_json, print_rows

    with console_session() as session:
        found = [asdict(told.person(session, each)) for each in people.every(session)]
    if as_json:
        print_json(found)
        return
    rows = [
        {
            **{key: each[key] for key in ("email", "name", "state")},
            "second factor": "yes" if each["second_factor"] else "no",
            "roles": ", ".join(f"{one['role']} of {one['organisation']}" for one in each["roles"]),
        }
        for each in found
    ]
    if as_csv:
        columns = ("email", "name", "state", "second factor", "roles")
        print_csv([{key.replace(" ", "_"): row[key] for key in columns} for row in rows])
    else:
        print_rows(rows, title="Users", empty="none yet; `flowdrop console link` makes the first")


@users.command("invite", epilog="Example: flowdrop users invite ann@example.com --role marketer")
@click.argument("email")
@click.option("--name", default="", help="What pages call them (default: the address).")
@_roles_options
@as_json_option()
def invite(
    email: str, name: str, organisation: str, roles: Sequence[str], *, as_json: bool
) -> None:
    """Make an account, and send a link to choose a password; without a mail server, print it."""
    from console.access import people
    from console.access.permission import machine

    with console_session() as session:
        user, key = people.invite(
            session,
            machine(),
            email=email,
            name=name,
            post=_post(organisation, roles),
            now=_now(),
        )
        _send(user, "invitation", key, as_json=as_json)


@users.command("roles", epilog="Example: flowdrop users roles ann@example.com --role approver")
@click.argument("email")
@_roles_options
def set_roles(email: str, organisation: str, roles: Sequence[str]) -> None:
    """Give somebody these roles in an organisation, and no others there."""
    from console.access import people
    from console.access.permission import machine
    from flowdrop.output import say

    with console_session() as session:
        user = people.find(session, email)
        people.set_roles(session, machine(), user, _post(organisation, roles), _now())
    say(f"{email}: {', '.join(roles) or 'no role'} of {organisation or 'the platform'}")


@users.command("deactivate", epilog="Example: flowdrop users deactivate ann@example.com")
@click.argument("email")
def deactivate(email: str) -> None:
    """End all that somebody is signed in to, and their tokens; keep what they did."""
    _set_active(email, active=False)


@users.command("activate", epilog="Example: flowdrop users activate ann@example.com")
@click.argument("email")
def activate(email: str) -> None:
    """Let somebody who was deactivated sign in again."""
    _set_active(email, active=True)


@users.command("link", epilog="Example: flowdrop users link ann@example.com")
@click.argument("email")
@as_json_option()
def link(email: str, *, as_json: bool) -> None:
    """Send a new link to choose a password; without a mail server, print it."""
    from console.access import people
    from console.access.permission import machine

    with console_session() as session:
        user = people.find(session, email)
        purpose = "password" if user.password_hash else "invitation"
        _send(user, purpose, people.new_link(session, machine(), user, _now()), as_json=as_json)


@users.command("demo", epilog="Example: flowdrop users demo")
@as_json_option()
def demo_users(*, as_json: bool) -> None:
    """Make the demo's people: one for each role, without passwords, to switch between."""
    from console.access import demo, told
    from console.access.permission import machine
    from flowdrop.output import print_json, say

    with console_session() as session:
        made = demo.create(session, machine(), _now())
        found = [asdict(told.person(session, each)) for each in made]
    if as_json:
        print_json(found)
    else:
        say([f"{each['email']:<24} {each['name']}" for each in found])


def _set_active(email: str, *, active: bool) -> None:
    from console.access import people
    from console.access.permission import machine
    from flowdrop.output import say

    with console_session() as session:
        user = people.find(session, email)
        people.set_active(session, machine(), user, _now(), active=active)
    say(f"{email}: {'active' if active else 'deactivated'}")


def _send(user: User, purpose: str, key: str, *, as_json: bool) -> None:
    from console.access import mail
    from console.i18n import translator
    from console.settings import ConsoleSettings
    from flowdrop.output import print_json, say
    from flowdrop.settings import Addresses, load

    settings = load(ConsoleSettings)
    address = f"{load(Addresses).console.rstrip('/')}/invitation?key={key}"
    has_mail = bool(settings.smtp.get_secret_value())
    sent = has_mail and mail.send_link(settings, user.email, purpose, address, translator("en"))
    if as_json:
        print_json({"email": user.email, "sent": sent, "link": None if sent else address})
    elif sent:
        say(f"a letter went to {user.email}")
    else:
        say([f"pass this link on to {user.email}; it works once:", address])


def _post(organisation: str, roles: Sequence[str]) -> Post:
    from console.access.people import Post
    from console.access.roles import ADVERTISER, PLATFORM

    kind = ADVERTISER if organisation else PLATFORM
    return Post(kind=kind, organisation=organisation, roles=tuple(roles))


def _now() -> datetime:
    return datetime.now(UTC)
