"""The one command-line program; the module of a command is imported only when it is called.

`COMMANDS` names every command, where its click object is and its one line of help, so that
`flowdrop --help` imports none of them.
"""

from __future__ import annotations

import importlib
import os
from typing import Any, NamedTuple

import click

from flowdrop.failures import in_words, not_utf8
from flowdrop.ours import keep_to_ourselves, require_ours
from flowdrop.places import home


class Entry(NamedTuple):
    """Where a command lives (`module:name`) and what it does, in one line."""

    target: str
    help: str


COMMANDS: dict[str, Entry] = {
    # one machine
    "demo": Entry(
        "local.demo.cli:demo",
        "Run the main job end to end on real data and open the reports.",
    ),
    "up": Entry("local.cli:up", "Start the real parts on this machine."),
    "down": Entry("local.cli:down", "Stop them, cleanly."),
    "status": Entry("local.cli:status", "Show what runs, where, and since when."),
    "reset": Entry("local.cli:reset", "Stop everything and wipe its data."),
    "settings": Entry(
        "flowdrop.settings_cli:settings_command",
        "Show every setting and where it came from.",
    ),
    "secrets": Entry(
        "local.secrets_cli:secrets",
        "List and rotate this folder's secrets, which `up` generates.",
    ),
    # streams
    "topics": Entry("streams.commands.topics:topics", "Create, show or fix the Kafka topics."),
    "worker": Entry(
        "streams.commands.worker:worker",
        "Run a worker: wallets and campaign events.",
    ),
    "feed": Entry("streams.commands.feed:feed", "Run the feed from Kafka to ClickHouse."),
    "balance": Entry("streams.commands.balance:balance", "Show the live balance of an account."),
    "ledger": Entry(
        "streams.commands.ledger:ledger",
        "Show an account's postings, trace what an event caused.",
    ),
    "programs": Entry(
        "streams.commands.programs:programs",
        "List and show the wallet programs, check their files.",
    ),
    "packets": Entry(
        "streams.commands.packets:packets",
        "Show the luckiest draws from red packets, and sharers.",
    ),
    "deadletters": Entry(
        "streams.commands.dead_letters:deadletters",
        "List, show or retry records that were set aside.",
    ),
    "events": Entry(
        "streams.commands.events:events",
        "List event types, print their JSON Schemas, check a file.",
    ),
    "people": Entry(
        "streams.commands.people:people",
        "Show what is known of a person, as of any time.",
    ),
    "reconcile": Entry(
        "streams.commands.reconcile:reconcile",
        "Prove that log, table and warehouse agree.",
    ),
    # warehouse
    "warehouse": Entry(
        "streams.commands.storage:warehouse",
        "See what the warehouse lacks; refill it from Kafka.",
    ),
    "sql": Entry("sql.cli:sql", "Apply migrations; list, show and run the queries."),
    # inputs
    "import": Entry("intake.import_cli:import_", "Bring data of your own: files, by a mapping."),
    "replay": Entry("scenarios.cli:replay", "Publish a data set or a city to Kafka as events."),
    "city": Entry("scenarios.answer_cli:city", "Let a simulated city answer a launched drop."),
    "intake": Entry("intake.http.cli:intake", "Take events by HTTP; make keys to send them with."),
    # models
    "features": Entry(
        "features.cli:features",
        "List features, build them as of a date, export and check sets.",
    ),
    "models": Entry("features.cli:models", "Train, evaluate, register and race models."),
    "audience": Entry("intake.audience_cli:audience", "Score people; freeze and import audiences."),
    # advertisers and marketers
    "report": Entry("console.report_cli:report", "Reach, lift and overlap of campaigns."),
    "settlement": Entry(
        "console.settlement_cli:settlement",
        "What each party had, what moved, what is owed.",
    ),
    "compliance": Entry(
        "console.compliance_cli:compliance",
        "Flags on gifts and packets; a month's report.",
    ),
    "invalid": Entry(
        "console.invalid_cli:invalid",
        "Judge traffic by the rules of invalid traffic.",
    ),
    "drop": Entry(
        "console.drop_cli:drop",
        "Create, preview, launch and follow a targeted drop.",
    ),
    "alerts": Entry(
        "console.alerts_cli:alerts",
        "What failed under a schedule, and what to do.",
    ),
    "console": Entry("console.cli:console", "Serve the web console and REST API; link into it."),
    "users": Entry("console.access_cli:users", "Who may sign in to the console, in which roles."),
    "audit": Entry("console.audit_cli:audit", "Who did what in the console; check the log."),
}


class LazyGroup(click.Group):
    """A click group that knows its commands by name and loads one when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names in the order of `COMMANDS`, which follows the pipeline."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the module of `cmd_name` and return its command."""
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, _, name = place.target.partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Refuse an argument that is no text in UTF-8, of any command; a file may be named so.

        Bytes that are no UTF-8 come as halves of surrogate pairs, which nothing can store or send.
        """
        for word in args:
            if not (word.isascii() or _is_utf8(word) or os.path.lexists(word)):
                raise click.ClickException(not_utf8(word))
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an exception of a third-party library ends it with a sentence."""
        try:
            return super().invoke(ctx)
        except click.ClickException as error:
            from flowdrop.output import visible  # its tables take long to import

            error.message = visible(error.message)
            raise
        except Exception as error:
            if words := in_words(error):
                raise click.ClickException(words) from error
            raise

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the list of commands without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, place.help) for name, place in COMMANDS.items()])


def _is_utf8(word: str) -> bool:
    try:
        word.encode()
    except UnicodeEncodeError:
        return False
    return True


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: flowdrop report lift hillstrom --json",
)
@click.version_option(package_name="flowdrop")
def main() -> None:
    """Run flowdrop: exact wallets, exact reach, targeted drops of flow coins."""
    keep_to_ourselves()
    if click.get_current_context().invoked_subcommand != "reset":  # which follows no link
        require_ours(home())
