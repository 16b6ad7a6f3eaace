"""`flowdrop import`: files of other people's data, by a mapping, as events."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flowdrop.apart import require_apart
from flowdrop.options import as_json_option

if TYPE_CHECKING:
    from intake.files.check import Checked
    from intake.files.undo import Undone
    from intake.mapping import Mapping
    from streams.settings import StreamSettings

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
SHOWN_REJECTS = 20

_mapping = click.argument("mapping", type=FILE)
_file = click.argument("file", type=FILE)
_rejects = click.option(
    "--rejects",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write every rejected row there as CSV: what is wrong, what to do, and its cells.",
)
_wait = click.option(
    "--wait/--no-wait",
    default=True,
    show_default=True,
    help="Wait until a worker has judged the events, and tell what became of them.",
)
_yes = click.option("--yes", is_flag=True, help="Do not ask.")


@click.group("import", epilog="Example: flowdrop import check shop.toml orders.csv")
def import_() -> None:
    """Bring data of your own: CSV, JSON lines or Parquet, by one mapping file a feed.

    `guess` writes a first mapping, `check` reads the whole file and says what it would become,
    `run` publishes it, `undo` takes it back. Importing a file again changes nothing.
    """


@import_.command("guess", epilog="Example: flowdrop import guess orders.csv --write shop.toml")
@_file
@click.option(
    "--feed", default="", metavar="NAME", help="What to call it; the file's name if not given."
)
@click.option(
    "--write",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the mapping there, if there is no such file yet.",
)
@as_json_option("Print the mapping's text as JSON.")
def guess_command(file: Path, feed: str, write: Path | None, *, as_json: bool) -> None:
    """Write a first mapping for FILE, with comments, by what its columns look like.

    What could not be found out is marked with TODO.
    """
    from flowdrop.output import echo, print_json, say
    from intake.files.guess import guess

    text = guess(file, feed)
    if write is not None:
        _write_new(write, text)
    if as_json:
        print_json({"file": str(file), "written": write and str(write), "mapping": text})
    elif write is None:
        echo(text.rstrip("\n"))
    else:
        say(f"wrote {write}; look at it, then: flowdrop import check {write} {file}")


@import_.command(
    "check", epilog="Example: flowdrop import check shop.toml orders.csv --rejects bad.csv"
)
@_mapping
@_file
@_rejects
@as_json_option()
def check_command(mapping: Path, file: Path, rejects: Path | None, *, as_json: bool) -> None:
    """Read all of FILE by MAPPING and say what it would become; nothing is published.

    Counts events by type, tells the range of time, whom the warehouse knows, what the ledger would
    refuse for its age or for want of a wallet, rows with the id of another, and every rejected row:
    number, column, value, remedy. The status is 1 if there is any.
    """
    from intake.files.run import checker
    from intake.mapping import load

    require_apart({"--rejects": rejects}, {"FILE": file, "MAPPING": mapping})
    made, settings = load(mapping), _settings()
    found = checker(file, made, settings, rejects).run()
    _tell_checked(found, made, settings, as_json=as_json, title=str(file))
    if not found.is_well:
        raise SystemExit(1)


@import_.command("run", epilog="Example: flowdrop import run shop.toml orders.csv --yes")
@_mapping
@_file
@_rejects
@click.option(
    "--skip-rejected", is_flag=True, help="Publish the good rows although others are rejected."
)
@click.option(
    "--outcomes",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write there as CSV what became of each event: its row, id and type, the outcome, and the "
    "reason in words.",
)
@_wait
@_yes
@as_json_option()
def run_command(
    mapping: Path,
    file: Path,
    *,
    rejects: Path | None,
    outcomes: Path | None,
    skip_rejected: bool,
    wait: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Check all of FILE, and publish its events in the order of their times.

    Nothing is published before the whole file is checked, nor if a row is rejected, unless
    --skip-rejected is given. It asks before events that move coins. An import that was interrupted
    goes on where it was when it is run again. One that is complete may be run again for
    --outcomes, which changes nothing.
    """
    from flowdrop.output import print_json, say
    from intake.files.publishing import require_log
    from intake.files.run import run
    from intake.mapping import load

    if outcomes is not None and not wait:
        raise click.ClickException(
            "--outcomes tells what workers say of the events; leave out --no-wait"
        )
    require_apart(
        {"--rejects": rejects, "--outcomes": outcomes}, {"FILE": file, "MAPPING": mapping}
    )
    made, settings = load(mapping), _settings()
    require_log()

    def may_send(found: Checked) -> bool:
        if not (found.is_good or skip_rejected):
            return False
        return _confirmed(found, made, yes=yes)

    done = run(
        *(file, made, settings),
        rejects=rejects,
        outcomes=outcomes,
        wait=wait,
        may_send=may_send,
    )
    if as_json:
        sent = done.sent and _sent(done.sent)
        print_json(_facts(done.checked, made, settings) | {"run": done.run, "sent": sent})
    else:
        _tell_checked(done.checked, made, settings, as_json=False, title=str(file))
    if done.sent is None:
        if not done.checked.is_good:
            say("nothing was published; mend the rows, or publish the others by --skip-rejected")
        raise SystemExit(1)
    say(f"import {done.run}: take it back with `flowdrop import undo {done.run}`")
    if outcomes is not None:
        say(f"{outcomes} tells what became of each event, by rows of {file}")
    elif wait:
        say("what became of each row: run it again with --outcomes FILE, which changes nothing")
    _end(done.sent, as_json=as_json)


@import_.command("undo", epilog="Example: flowdrop import undo shop-0123456789ab --yes")
@click.argument("run")
@click.option("--file", type=FILE, metavar="FILE", help="Where the imported file lies now.")
@_wait
@_yes
@as_json_option()
def undo_command(run: str, file: Path | None, *, wait: bool, yes: bool, as_json: bool) -> None:
    """Publish what takes the import RUN back, as far as that can be done, and say what stays.

    Coins go back by reversals, which the ledger allows as long as it remembers the events;
    attributes are withdrawn, links undone, budgets taken out. It needs the file as it was.
    """
    from flowdrop.output import print_json, print_rows, say
    from intake.files.publishing import require_log
    from intake.files.undo import undo

    require_log()

    def may_send(found: Undone) -> bool:
        if not yes:
            told = ", ".join(f"{count:,} {kind}" for kind, count in found.back.items())
            click.confirm(f"take back {told}?", abort=True, err=True)
        return True

    done = undo(run, _settings(), file=file, wait=wait, may_send=may_send)
    if as_json:
        print_json(
            {
                "run": run,
                "back": done.back,
                "stay": done.stay,
                "void": done.void,
                "sent": done.sent and _sent(done.sent),
            }
        )
    else:
        rows = [
            {"type": kind, "events": count, "can be taken back": _plain(is_back)}
            for kinds, is_back in ((done.back, True), (done.stay, False), (done.void, False))
            for kind, count in kinds.items()
        ]
        print_rows(rows, title=f"Import {run}")
    if done.stay:
        say(f"{sum(done.stay.values()):,} events stay: no event says that they did not happen")
    if done.void:
        say(
            f"{sum(done.void.values()):,} events were never applied, as far as the warehouse "
            "knows: there is nothing to take back"
        )
    if done.sent is not None:
        _end(done.sent, as_json=as_json)


@import_.command("list", epilog="Example: flowdrop import list --json")
@as_json_option()
def list_command(*, as_json: bool) -> None:
    """List the imports from this machine, the newest first."""
    import msgspec

    from flowdrop.output import print_json, print_rows
    from intake.files.runs import runs

    found = [msgspec.structs.asdict(run) for run in runs()]
    if as_json:
        print_json(found)
    else:
        heads = ("run", "file", "events", "rejected", "begun", "complete", "undone")
        print_rows([{head: _plain(row[head]) for head in heads} for row in found], title="Imports")


# -- what is said --------------------------------------------------------------------------------


def _settings() -> StreamSettings:
    from flowdrop.settings import load
    from streams.settings import StreamSettings

    return load(StreamSettings)


def _write_new(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8") as out:
            out.write(text)
    except FileExistsError as error:
        raise click.ClickException(
            f"{path} is there already; name another, or remove it"
        ) from error
    except OSError as error:
        raise click.ClickException(f"--write {path}: {error.strerror}") from error


def _confirmed(found: Checked, made: Mapping, *, yes: bool) -> bool:
    """Return whether to send; asks if coins move."""
    from flowdrop.output import counted

    moving = sum(
        one["events"]
        for one, rule in zip(found.events, made.rules, strict=True)
        if rule.is_of_wallets
    )
    if moving and not yes:
        told = f"publish {found.total:,} events, {moving:,} of which move coins or open wallets"
        if found.without_wallet:
            told += f" ({counted(found.without_wallet, 'person', 'people')} without a wallet)"
        click.confirm(f"{told}?", abort=True, err=True)
    return True


def _facts(found: Checked, made: Mapping, settings: StreamSettings) -> dict[str, Any]:
    from dataclasses import asdict

    from intake.files.opening import told

    own = {
        "conflicts": [one._asdict() for one in found.conflicts],
        "sharing": [one._asdict() for one in found.sharing],
        "opening_by": list(told(made, settings.programs)),
    }
    return asdict(found) | own


def _tell_checked(
    found: Checked, made: Mapping, settings: StreamSettings, *, as_json: bool, title: str
) -> None:
    from dataclasses import asdict

    from flowdrop.output import print_json, print_rows

    if as_json:
        print_json(_facts(found, made, settings))
        return
    print_rows(list(found.events), title=f"What {title} becomes")
    facts = [{"fact": name, "value": value} for name, value in _words(found, made, settings)]
    print_rows(facts, title="What was found")
    _tell_conflicts(found)
    if found.rejected:
        rows = [asdict(one) for one in found.rejects[:SHOWN_REJECTS]]
        print_rows(rows, title=f"Rejected rows: {found.rejected:,}")
        if found.rejected > SHOWN_REJECTS:
            click.echo(
                f"and {found.rejected - SHOWN_REJECTS:,} more; --rejects FILE writes them all"
            )


def _tell_conflicts(found: Checked) -> None:
    from flowdrop.output import print_rows

    if found.conflicting:
        rows = [{"row": one.row, "has the id of row": one.earlier} for one in found.conflicts]
        title = f"Events with the id of another: {found.conflicting:,}"
        print_rows(rows[:SHOWN_REJECTS], title=title)
        click.echo("name more columns as `id`, so that each row has one of its own")
    if found.shared:
        rows = [{"row": one.row, "has the id of row": one.earlier} for one in found.sharing]
        print_rows(rows[:SHOWN_REJECTS], title="Rows with the id of another person's")
        told = "id stands" if found.shared == 1 else "ids stand"
        click.echo(
            f"{found.shared:,} {told} for rows of different people, each of whom has an event of "
            "their own; mend the rows if that is a slip"
        )


def _words(found: Checked, made: Mapping, settings: StreamSettings) -> list[tuple[str, str]]:
    """Return what was found beside the events, in words."""
    from intake.files.opening import told

    facts = [
        ("rows", f"{found.rows:,}"),
        ("rows without an event", f"{found.without_event:,}"),
        ("blank rows", f"{found.blank:,}"),
        ("repeated events", f"{found.repeats:,}"),
        ("encoding", found.encoding or "-"),
        ("from", _plain(found.first)),
        ("to", _plain(found.last)),
        ("people", f"{found.people:,}"),
    ]
    if found.known is None:
        facts.append(("known people", f"not known: {found.not_asked}"))
    else:
        facts.append(("known people", f"{found.known:,}, and {found.new:,} new"))
    if found.without_wallet:
        remedy = "an [[event]] of wallet.open before the one that gives coins opens one"
        facts.append(
            ("people without a wallet", f"{found.without_wallet:,} would get coins; {remedy}")
        )
    if any(rule.is_of_wallets for rule in made.rules):
        facts.append(("too old for the ledger", _age(found, settings.dedup_window_days)))
        opening = sum(found.opening.values())
        facts += [("opening balances", f"{opening:,}")] if made.late else []
        facts += [("opening balances by", line) for line in told(made, settings.programs)]
    if found.not_named:
        names = ", ".join(found.not_named[:20])
        facts.append((f"columns not named ({found.unknown})", names))
    return facts


def _age(found: Checked, days: int) -> str:
    if found.too_old is None:
        return "not known: the ledger's clock is in the warehouse, which was not asked"
    remedy = "; [late] in the mapping brings them as opening balances" if found.too_old else ""
    return f"{found.too_old:,} events lie over {days} days behind its clock{remedy}"


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S} UTC"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "-" if value is None else str(value)


def _sent(sent: Any) -> dict[str, Any]:
    facts: dict[str, Any] = sent._asdict()
    return facts | {"told": sent.told and sent.told._asdict()}


def _end(sent: Any, *, as_json: bool) -> None:
    """Say what became of what was sent, and end with status 1 unless all is well."""
    from flowdrop.output import print_rows, say
    from streams.kafka.publish.outbox import end

    if sent.told is not None and not as_json:
        print_rows(sent.told.rows(), title="What became of them")
        say(sent.told.refusals())
    if sent.told is not None and sent.resumed:
        say(f"that leaves out the {sent.resumed:,} that an earlier run had sent")
    end(sent.told)
