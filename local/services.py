"""Every part that runs on one machine: its port, its address, its command, its order."""

from __future__ import annotations

import sys
import tomllib
import urllib.error
import urllib.request
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import click

from flowdrop import secrets
from flowdrop.answers import NO_ANSWER
from flowdrop.places import addresses_file
from flowdrop.settings import Addresses, sources
from local.airflow.service import Airflow
from local.clickhouse.node import USERS, EngineNode
from local.environment import write_whole
from local.kafka.node import KafkaNode
from local.names import NAMES
from local.ports import HOST, free_port, is_free
from local.processes import Part, look
from local.supervisor import Restarts, read

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

# What the address of a part looks like, for those that have one.
ADDRESSES = {
    "kafka": f"{HOST}:{{port}}",
    "clickhouse": f"http://{HOST}:{{port}}/default",
    "worker": f"http://{HOST}:{{port}}",
    "airflow": f"http://{HOST}:{{port}}",
    "console": f"http://{HOST}:{{port}}",
    "intake": f"http://{HOST}:{{port}}",
}


@dataclass(frozen=True)
class Services:
    """The parts below `home`, on `ports` (by name)."""

    home: Path
    ports: Mapping[str, int]

    def parts(self, names: Sequence[str] = NAMES) -> list[Part]:
        """Return the processes of the parts `names`, in starting order."""
        return [part for name in NAMES if name in names for part in self._parts(name)]

    def write_addresses(self) -> None:
        """Write `addresses.toml`, which every flowdrop command reads."""
        addresses = {name: ADDRESSES[name].format(port=self.ports[name]) for name in ADDRESSES}
        engine = self._engine()
        addresses |= {setting: engine.url(user) for setting, user in USERS.items()}
        lines = [f'{name} = "{address}"\n' for name, address in sorted(addresses.items())]
        write_whole(
            self.home / "addresses.toml",
            "# written by `flowdrop up`\n" + "".join(lines),
            mode=0o600,
        )

    def _parts(self, name: str) -> list[Part]:
        port = self.ports.get(name, 0)
        match name:
            case "kafka":
                parts = [KafkaNode(self.home, port).part]
            case "airflow":
                parts = Airflow(self.home, port).parts()
            case "clickhouse":
                parts = [self._engine().part]
            case "feed":
                parts = [self._ours(name, [])]
            case "intake":
                parts = [self._ours(name, ["serve", "--port", str(port)], "/healthz")]
            case "worker":
                parts = [self._ours(name, ["--port", str(port)], "/readyz")]
            case _:
                parts = [self._ours(name, ["--port", str(port)], "/healthz")]
        return [self._supervised(part) for part in parts]

    def _engine(self) -> EngineNode:
        """Return the engine; before the first `up` it has no passwords, and would not start."""
        known = secrets.read(self.home)
        passwords = {
            user: secrets.current(known, f"engine_{user}") for user in USERS.values() if known
        }
        path = self.home / "data" / "clickhouse"
        return EngineNode(self.home, path, self.ports.get("clickhouse", 0), passwords)

    def restarts(self, name: str) -> Restarts:
        """Return how often supervision has restarted the part `name`, and why."""
        return read(self._restarts(name))

    def _restarts(self, name: str) -> Path:
        return self.home / "run" / f"{name}.restarts.json"

    def _supervised(self, part: Part) -> Part:
        """Return `part` under a supervisor, which restarts it when it ends by itself."""

        def command() -> list[str]:
            record = str(self._restarts(part.name))
            return [sys.executable, "-m", "local.supervisor", record, *part.command()]

        return replace(part, command=command)

    def _ours(self, name: str, options: Sequence[str], path: str = "") -> Part:
        url = f"http://{HOST}:{self.ports.get(name, 0)}{path}"
        address = ADDRESSES[name].format(port=self.ports[name]) if name in ADDRESSES else ""
        return Part(
            name=name,
            command=lambda: [sys.executable, "-m", "flowdrop", name, *options],
            home=self.home,
            ready=lambda: http_answers(url) if path else True,
            address=address,
        )


def http_answers(url: str) -> bool:
    """Return whether `url` answers over HTTP with anything but a server error."""
    try:
        with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - an address of ours
            return True
    except urllib.error.HTTPError as error:
        return error.code < 500  # noqa: PLR2004
    except NO_ANSWER:
        return False


def open_services(home: Path, wishes: Mapping[str, int] | None = None) -> Services:
    """Return the services of `home`: ports as requested, or as before, or free ones.

    Raises:
        click.ClickException: when a requested port is taken, or the part runs on another one.
    """
    before = recorded_ports(home)
    running = {
        name
        for name in before
        if any(look(part).state == "running" for part in Services(home, before).parts([name]))
    }
    ports: dict[str, int] = {}
    for name in ADDRESSES:
        wish, old = (wishes or {}).get(name), before.get(name)
        ports[name] = (
            _kept(name, wish, before[name])
            if name in running
            else _wished(name, wish)
            if wish
            else old
            if old and is_free(old)
            else free_port({*ports.values(), *before.values()})
        )
    return Services(home, ports)


def known_services(home: Path) -> Services:
    """Return the services of `home` as last opened, choosing nothing."""
    return Services(home, dict.fromkeys(ADDRESSES, 0) | recorded_ports(home))


def recorded_ports(home: Path) -> dict[str, int]:
    """Return the ports in `addresses.toml`, by part; none when there is no such file."""
    path = home / "addresses.toml"
    if not path.exists():
        return {}
    try:
        addresses = tomllib.loads(path.read_text())
        return {
            name: int(text.rpartition(":")[2].partition("/")[0])
            for name, text in addresses.items()
            if name in ADDRESSES
        }
    except ValueError as error:
        raise click.ClickException(
            f"{path} can't be read ({error}); run `flowdrop down`, delete it and start again"
        ) from error


def elsewhere() -> dict[str, str]:
    """Return the parts that the user runs elsewhere, by a setting of their own: name, address."""
    ours = {"default", str(addresses_file())}
    return {
        row["name"]: f"{_without_password(row['value'])} by {row['source']}"
        for row in sources(Addresses)
        if row["name"] in ADDRESSES and row["source"] not in ours
    }


def _without_password(address: str) -> str:
    parsed = urlsplit(address)
    return address.replace(f":{parsed.password}@", ":***@") if parsed.password else address


def _kept(name: str, wish: int | None, port: int) -> int:
    if wish and wish != port:
        raise click.ClickException(
            f"{name} already runs on port {port}, not on {wish}; run `flowdrop down` first"
        )
    return port


def _wished(name: str, port: int) -> int:
    if not is_free(port):
        raise click.ClickException(
            f"port {port} for {name} is in use by another program; "
            f"choose another with --port {name}=N, or leave it out to use a free one"
        )
    return port
