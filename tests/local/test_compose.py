"""docker-compose.yml hangs together, and runs the versions and commands that the project has."""

import importlib.metadata
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml
from click.testing import CliRunner

from flowdrop.cli import COMMANDS
from flowdrop.places import PREFIX
from local.kafka.jars import KAFKA
from local.secrets import COMPOSED, composed
from local.secrets_cli import secrets

PROJECT = Path(__file__).parents[2]
CONDITIONS = {"service_started", "service_healthy", "service_completed_successfully"}
OFFICIAL = {"kafka", "clickhouse", "postgres"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load((PROJECT / "docker-compose.yml").read_text())


@pytest.fixture(scope="module")
def services(compose: dict[str, Any]) -> dict[str, Any]:
    return compose["services"]


def test_every_dependency_exists_and_can_be_met(services: dict[str, Any]) -> None:
    for name, service in services.items():
        for other, wish in service.get("depends_on", {}).items():
            assert other in services, f"{name} waits for {other}, which is not there"
            assert wish["condition"] in CONDITIONS
            if wish["condition"] == "service_healthy":
                assert "healthcheck" in services[other], f"{other} never says that it is healthy"
            if wish["condition"] == "service_completed_successfully":
                assert services[other]["restart"] == "no", f"{other} would never complete"


def test_no_dependency_goes_round(services: dict[str, Any]) -> None:
    def below(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " -> ".join([*path, name])
        for other in services[name].get("depends_on", {}):
            below(other, (*path, name))

    for name in services:
        below(name, ())


def test_volumes_and_configs_are_declared(
    compose: dict[str, Any], services: dict[str, Any]
) -> None:
    used = {v.partition(":")[0] for s in services.values() for v in s.get("volumes", [])}
    assert used == set(compose["volumes"])
    configs = {c["source"] for s in services.values() for c in s.get("configs", [])}
    assert configs == set(compose["configs"])


def test_every_published_port_is_the_loopbacks(services: dict[str, Any]) -> None:
    ports = [port for service in services.values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_nothing_starts_with_a_secret_that_is_known(compose: dict[str, Any]) -> None:
    text = (PROJECT / "docker-compose.yml").read_text()
    variables = re.findall(r"(?<!\$)\$\{(\w+)([^}]*)\}", text)
    assert {rest for _, rest in variables} == {":?"}, "each is required, and none has a default"
    assert {name for name, _ in variables} == set(COMPOSED), "`flowdrop secrets env` draws them"
    for _path, value in _leaves(compose):
        if isinstance(value, str) and "://" in value and "@" in value:
            assert re.search(r"://\w+:\$\{\w+:\?\}@", value), value


def test_each_purpose_has_a_secret_of_its_own(services: dict[str, Any]) -> None:
    drawn = composed()
    assert len(set(drawn.values())) == len(COMPOSED)
    given = {name: set(_required(service)) for name, service in services.items()}
    ledger = {"FLOWDROP_LEDGER_KEYS", "FLOWDROP_RULES_KEYS"}
    assert ledger <= given["worker"]
    assert not ledger & (given["feed"] | given["console"] | given["intake"])
    admin = {name for name, wanted in given.items() if "CLICKHOUSE_ADMIN_PASSWORD" in wanted}
    assert admin == {"clickhouse", "tables", "app"}
    writers = {name for name, wanted in given.items() if "CLICKHOUSE_FEED_PASSWORD" in wanted}
    assert not writers & {"worker", "console", "intake", "topics"}


def test_airflow_asks_who_is_there(services: dict[str, Any]) -> None:
    for name in ("airflow", "airflow-scheduler", "airflow-dags"):
        told = services[name]["environment"]
        assert told["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS"] == "false"
    assert "AIRFLOW_PASSWORD" in services["airflow"]["environment"]


def test_clickhouses_reading_user_only_reads(compose: dict[str, Any]) -> None:
    text = compose["configs"]["clickhouse-users"]["content"]
    users = ET.fromstring(text)
    assert users.findtext("profiles/reading/readonly") == "2"
    assert users.findtext("users/read/profile") == "reading"
    for name in ("read", "feed"):
        password = users.find(f"users/{name}/password").get("from_env")
        assert password in compose["services"]["clickhouse"]["environment"]
    grants = [grant.text for grant in users.findall("users/read/grants/query")]
    assert all(grant.startswith("GRANT SELECT ON ") for grant in grants)


def test_the_env_file_is_its_makers_alone(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    made = CliRunner().invoke(secrets, ["env", str(path)])
    assert made.exit_code == 0, made.output
    assert path.stat().st_mode & 0o777 == 0o600
    lines = [line.partition("=") for line in path.read_text().splitlines()[1:]]
    assert [name for name, _, _ in lines] == list(COMPOSED)
    assert not [value for _, _, value in lines if value in made.output]
    before = path.read_text()
    again = CliRunner().invoke(secrets, ["env", str(path)])
    assert again.exit_code == 1
    assert "was not written: File exists" in again.stderr
    assert path.read_text() == before


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict | list):
        pairs = value.items() if isinstance(value, dict) else enumerate(value)
        for name, inner in pairs:
            yield from _leaves(inner, f"{path}/{name}")
    else:
        yield path, value


def _required(service: dict[str, Any]) -> Iterator[str]:
    for _, value in _leaves(service):
        yield from re.findall(r"(?<!\$)\$\{(\w+):\?\}", str(value))


def test_our_services_run_commands_that_exist(services: dict[str, Any]) -> None:
    ours = {
        n: s["command"] for n, s in services.items() if "flowdrop-app" in s["image"] and n != "app"
    }
    assert sorted(ours) == ["console", "feed", "intake", "tables", "topics", "worker"]
    assert {command.split()[0] for command in ours.values()} <= set(COMMANDS)


def test_versions_are_the_projects(services: dict[str, Any]) -> None:
    assert services["kafka"]["image"] == f"apache/kafka:{KAFKA}"
    dockerfile = (PROJECT / "Dockerfile").read_text()
    airflow = re.search(r"^FROM apache/airflow:(\S+) AS airflow$", dockerfile, re.MULTILINE)
    assert airflow[1] == importlib.metadata.version("apache-airflow")
    ours = importlib.metadata.version("flowdrop")
    for name, service in services.items():
        if name not in OFFICIAL:
            assert service["image"].endswith(f":{ours}")
            assert f"AS {service['build']['target']}\n" in dockerfile


def test_clickhouse_is_the_engine_that_chdb_embeds(services: dict[str, Any]) -> None:
    chdb = pytest.importorskip("chdb")
    version = str(chdb.query("select version()")).strip().strip('"')
    tag = services["clickhouse"]["image"].partition(":")[2]
    assert version.startswith(f"{tag}.")


def test_kafkas_settings_are_those_of_one_machine(services: dict[str, Any]) -> None:
    from local.kafka.node import SETTINGS

    shared = {
        "auto.create.topics.enable",
        "message.max.bytes",
        "replica.fetch.max.bytes",
        "log.retention.ms",
        "offsets.retention.minutes",
        "transaction.state.log.min.isr",
    }
    environment = services["kafka"]["environment"]
    for name in shared:
        assert str(environment["KAFKA_" + name.upper().replace(".", "_")]) == SETTINGS[name]


def test_every_flowdrop_variable_is_a_setting(services: dict[str, Any]) -> None:
    import importlib

    from flowdrop.settings_cli import CLASSES

    known = {"HOME"}
    for target in CLASSES:
        module, _, name = target.partition(":")
        known |= {
            field.upper() for field in getattr(importlib.import_module(module), name).model_fields
        }
    for name, service in services.items():
        given = {
            variable.removeprefix(PREFIX)
            for variable in service["environment"]
            if variable.startswith(PREFIX)
        }
        assert given <= known, f"{name} sets {given - known}, which no setting reads"
