"""What a library of others raises ends a command in one sentence; a fault of ours is not hidden."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from clickhouse_connect.driver.exceptions import DatabaseError
from confluent_kafka import KafkaError, KafkaException
from sqlalchemy.exc import OperationalError

from flowdrop.cli import COMMANDS, LazyGroup, main

CORRUPT = DatabaseError("Code: 40. DB::Exception: Checksum mismatch for file data.bin\nmore")


def not_text(text: str) -> Exception:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        return error
    raise AssertionError(text)


def ended(error: Exception) -> click.testing.Result:
    class Failing(LazyGroup):
        def get_command(self, _context: click.Context, _name: str) -> click.Command:
            def fail() -> None:
                raise error

            return click.Command("fail", callback=fail)

    return CliRunner().invoke(Failing("flowdrop"), ["fail"])


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (CORRUPT, "ClickHouse: Code: 40. DB::Exception: Checksum mismatch for file data.bin; see"),
        (KafkaException(KafkaError(KafkaError._TIMED_OUT)), "Kafka: KafkaError{code=_TIMED_OUT"),
        (OperationalError("SELECT 1", {}, Exception("disk I/O")), "the console's database: "),
        (OSError(errno.ENOSPC, "No space left", "x/y"), "the disk is full at x/y; make room"),
        (not_text("a\udcff"), "'a\\udcff' is no text in UTF-8; write it in UTF-8"),
    ],
)
def test_it_is_one_sentence(error: Exception, words: str) -> None:
    result = ended(error)
    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: {words}")
    assert result.stderr.count("\n") == 1


def test_a_fault_of_ours_keeps_its_traceback() -> None:
    assert isinstance(ended(KeyError("x")).exception, KeyError)
    assert isinstance(ended(OSError(errno.EACCES, "no")).exception, OSError)


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    "words", [["a\udcff"], ["sub", "--name", "a\udcff"], ["sub", "--x=\udcff"]]
)
def test_no_command_takes_what_is_no_text(command: str, words: list[str]) -> None:
    result = CliRunner().invoke(main, [command, *words])
    assert result.exit_code == 1
    said = words[-1].encode("unicode_escape").decode()
    assert result.stderr == f"Error: '{said}' is no text in UTF-8; write it in UTF-8\n"


def test_bytes_that_are_no_text_are_refused_but_not_a_files_name(tmp_path: Path) -> None:
    """A file's name is bytes; what is to be stored or sent is text."""
    name = bytes(tmp_path) + b"/\xff.json"

    def run(*words: bytes | str) -> subprocess.CompletedProcess[bytes]:
        called = [sys.executable, "-m", "flowdrop", *words]
        return subprocess.run(called, capture_output=True, check=False, timeout=120)

    assert b"is no text in UTF-8; write it in UTF-8" in run("events", "check", name).stderr
    Path(os.fsdecode(name)).write_bytes(b"")
    assert b"UTF-8" not in run("events", "check", name).stderr
    assert b"is no text in UTF-8" in run("balance", b"\xe4\xb8").stderr
