"""The one command-line program; a room is imported only when its command is called.

`COMMANDS` names every command, the place of its click object and its one line of help, so that
`flowdrop --help` imports no room.
"""

from __future__ import annotations

import importlib
from typing import Any, NamedTuple

import click

from flowdrop.failures import in_words
from flowdrop.ours import keep_to_ourselves, require_ours
from flowdrop.places import home


class Place(NamedTuple):
    """Where a command lives (`module:name`) and what it does, in one line."""

    target: str
    help: str


COMMANDS: dict[str, Place] = {
    # one machine
    "demo": Place(
        "local.demo.cli:demo", "Run the main job end to end on real data and open the reports."
    ),
    "up": Place("local.cli:up", "Start the real parts on this machine."),
    "down": Place("local.cli:down", "Stop them, cleanly."),
    "status": Place("local.cli:status", "Show what runs, where, and since when."),
    "reset": Place("local.cli:reset", "Stop everything and wipe its data."),
    "settings": Place(
        "flowdrop.settings_cli:settings_command", "Show every setting and where it came from."
    ),
    "secrets": Place(
        "local.secrets_cli:secrets", "List and rotate this folder's secrets, which `up` draws."
    ),
    # streams
    "topics": Place("streams.cli:topics", "Create, show or mend the Kafka topics."),
    "worker": Place("streams.cli:worker", "Run a worker: wallets and campaign events."),
    "feed": Place("streams.cli:feed", "Run the feed from Kafka to ClickHouse."),
    "balance": Place("streams.cli:balance", "Show the live balance of an account."),
    "ledger": Place(
        "streams.ledger_cli:ledger", "Show an account's postings, trace what an event caused."
    ),
    "programs": Place(
        "streams.programs_cli:programs", "List and show the wallet programs, check their files."
    ),
    "packets": Place(
        "streams.packets_cli:packets", "Show the luckiest draws from red packets, and sharers."
    ),
    "deadletters": Place(
        "streams.cli:deadletters", "List, show or retry records that were set aside."
    ),
    "events": Place(
        "streams.cli:events", "List event types, print their JSON Schemas, check a file."
    ),
    "reconcile": Place("streams.cli:reconcile", "Prove that log, table and warehouse agree."),
    # warehouse
    "warehouse": Place(
        "streams.warehouse_cli:warehouse", "See what the warehouse lacks; fill it anew from Kafka."
    ),
    "sql": Place("sql.cli:sql", "Apply migrations; list, show and run the queries."),
    # inputs
    "replay": Place("scenarios.cli:replay", "Publish a data set or a city to Kafka as events."),
    # models
    "features": Place("features.cli:features", "Build features as of a date."),
    "models": Place("features.cli:models", "Train, evaluate, register and list models."),
    "audience": Place("features.cli:audience", "Score people and freeze audiences."),
    # advertisers and marketers
    "report": Place("console.report_cli:report", "Reach, lift and overlap of campaigns."),
    "settlement": Place(
        "console.settlement_cli:settlement", "What each party had, what moved, what is owed."
    ),
    "compliance": Place(
        "console.compliance_cli:compliance", "Flags on gifts and packets; a month's report."
    ),
    "drop": Place("console.drop_cli:drop", "Create, preview, launch and follow a targeted drop."),
    "console": Place("console.cli:console", "Serve the web console and REST API."),
}


class Hall(click.Group):
    """A click group that knows its commands by name and loads one when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names in the order of `COMMANDS`, which follows the way through the house."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the room that owns `cmd_name` and return its command."""
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, _, name = place.target.partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; what a library of others raises ends it in a sentence."""
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


@click.group(
    cls=Hall,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Example: flowdrop report lift hillstrom --json",
)
@click.version_option(package_name="flowdrop")
def main() -> None:
    """Run flowdrop: exact wallets, exact reach, targeted drops of flow coins."""
    keep_to_ourselves()
    if click.get_current_context().invoked_subcommand != "reset":  # which follows no link
        require_ours(home())
