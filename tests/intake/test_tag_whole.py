"""From a page to the log: what the intake's own script sends to it is in Kafka."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import Request

import pytest

from intake.tag import etag, packed, script
from local.ports import HOST, answers, free_port
from streams.events import CAMPAIGN_TOPIC, partition_of
from streams.kafka.log import messages
from streams.kafka.topics import create_topics, ends, reader
from streams.settings import StreamSettings
from tests.intake.pages import slot, tag
from tests.stack import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.intake.pages import Site

pytestmark = [pytest.mark.browser]

PARTITIONS = 8


class Intake:
    """`flowdrop intake serve` in a folder of its own."""

    def __init__(self, home: Path, kafka: str) -> None:
        self.port = free_port()
        self.url = f"http://{HOST}:{self.port}"
        self.env = {
            "PATH": "/usr/bin:/bin",
            "FLOWDROP_HOME": str(home),
            "FLOWDROP_CONFIG": str(home / "flowdrop.toml"),
            "FLOWDROP_KAFKA": kafka,
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "flowdrop", "intake", "serve", "--port", str(self.port)],
            env=self.env,
        )
        wait_for(lambda: answers(self.port), "the intake")

    def key(self, origin: str) -> str:
        """Make a publishable key of an origin; return it."""
        words = ["keys", "create", "--source", origin, "--origin", origin, "--json"]
        made = subprocess.run(
            [sys.executable, "-m", "flowdrop", "intake", *words],
            env=self.env,
            check=True,
            capture_output=True,
        )
        return str(json.loads(made.stdout)["key"])


@pytest.fixture(scope="module")
def intake(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Intake]:
    create_topics(kafka, StreamSettings(partitions=PARTITIONS))
    home = tmp_path_factory.mktemp("intake") / "home"
    home.mkdir(mode=0o700)
    made = Intake(home, kafka)
    yield made
    made.process.terminate()
    made.process.wait(60)


def logged(kafka: str, person: str) -> list[dict[str, Any]]:
    """Return what the log has of a person."""
    number = partition_of(person, PARTITIONS)
    consumer = reader(kafka)
    stop = ends(consumer, CAMPAIGN_TOPIC, PARTITIONS)[number].end
    consumer.close()
    if not stop:
        return []
    found = [each for got in messages(kafka, CAMPAIGN_TOPIC, number, 0, stop) for each in got]
    return [json.loads(each.value()) for each in found if each.key() == person.encode()]


def test_from_a_page_to_the_log(page: Page, site: Site, intake: Intake, kafka: str) -> None:
    person = f"page:{site.url[-5:]}"
    csp = f"default-src 'none'; script-src 'self' {intake.url}; style-src 'self'; connect-src "
    script = tag(src=f"{intake.url}/flowdrop.js", key=intake.key(site.url), person=person)
    page.goto(site.page(slot() + slot("second") + script, csp=csp + intake.url))
    page.click("#banner")
    truth = page.evaluate(
        """async () => {
          const watched = watch(second);
          await stay(500);
          const truth = {least: watched.end().seconds, most: early.end().seconds};
          banner.remove();
          return truth;
        }"""
    )  # since the click, which may take a while, and since the page was there
    wait_for(lambda: len(logged(kafka, person)) == 2, "a click and an exposure")
    page.goto("about:blank")  # by a beacon
    wait_for(lambda: len(logged(kafka, person)) == 3, "the second exposure")
    click, first, second = logged(kafka, person)
    agent = page.evaluate("navigator.userAgent")  # and no network: a page of one's own machine
    own = {"campaign": "spring", "channel": "site", "creative": "banner", "agent": agent}
    assert click["data"] == own
    assert first["data"]["creative"] == "banner"
    assert second["data"]["creative"] == "second"
    assert first["data"]["pixels"] == second["data"]["pixels"] == 1
    assert truth["least"] - 0.3 <= first["data"]["seconds"] <= truth["most"] + 0.3
    assert second["data"]["seconds"] >= first["data"]["seconds"]
    assert {each["source"] for each in (click, first, second)} == {site.url}


def ask(url: str, method: str = "GET", **headers: str) -> tuple[int, bytes, dict[str, str]]:
    request = Request(
        url, method=method, headers={name.replace("_", "-"): text for name, text in headers.items()}
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read(), dict(answer.headers)
    except HTTPError as error:
        return error.code, error.read(), dict(error.headers)


@pytest.mark.parametrize("name", ["/flowdrop.js", "/flowdrop.js?v=1"])
def test_the_intake_serves_the_script(intake: Intake, name: str) -> None:
    status, body, told = ask(intake.url + name)
    assert (status, body, told["etag"]) == (200, script(), etag())
    assert told["access-control-allow-origin"] == "*"
    assert int(told["content-length"]) == len(script())
    status, body, told = ask(intake.url + name, Accept_Encoding="gzip, br")
    assert (status, body, told["content-encoding"]) == (200, packed(), "gzip")
    status, body, told = ask(intake.url + name, If_None_Match=etag())
    assert (status, body, told["etag"]) == (304, b"", etag())
    assert ask(intake.url + name, "HEAD")[:2] == (200, b"")
    assert ask(intake.url + name, "POST")[0] == 405
