"""Settings: variables and a TOML file, read once; whatever is wrong is named, with what to write instead."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.errors import SettingsError
from bot.settings import ROOT, Settings, load_settings


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting from outside."""
    for name in [*(f"TEEJUHT_{name.upper()}" for name in Settings.model_fields), "TEEJUHT_CONFIG", "TEEJUHT_SECRETS"]:
        monkeypatch.delenv(name, raising=False)


SECRETS = {"telegram_token", "matrix_password", "matrix_token", "smtp_password"}


def fault(**given: object) -> str:
    """Load settings that must not load and give what is said about it."""
    with pytest.raises(SettingsError) as caught:
        load_settings(**given)
    return str(caught.value)


def test_everything_has_a_default() -> None:
    """Without any setting the web page runs on SQLite in ./data, with the knowledge and words beside the code."""
    assert load_settings().model_dump() == {
        "database": "sqlite:///data/teejuht.db",
        "knowledge": ROOT / "knowledge",
        "locales": ROOT / "locales",
        "cache": Path("data/cache"),
        "municipality": None,
        "web": True,
        "web_host": "127.0.0.1",
        "web_port": 8080,
        "admin_bind": "127.0.0.1:9090",
        "public_url": "",
        "telegram_token": SecretStr(""),
        "telegram_webhook": False,
        "telegram_api": "https://api.telegram.org",
        "matrix_user": "",
        "matrix_homeserver": "",
        "matrix_keys": Path("data/matrix.db"),
        "matrix_servers": "",
        "matrix_password": SecretStr(""),
        "matrix_token": SecretStr(""),
        "desks": {},
        "claim_hours": 4,
        "answer_hours": 8,
        "smtp_host": "",
        "smtp_port": 587,
        "smtp_security": "starttls",
        "smtp_user": "",
        "smtp_password": SecretStr(""),
        "mail_from": "",
        "keep_conversations_days": 30,
        "keep_cases_days": 90,
        "keep_audit_days": 365,
        "messages_per_minute": 30,
        "messages_per_second": 500,
    }


def test_variables_set_everything(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each setting is a variable with the prefix."""
    wanted = {
        "database": "postgresql://teejuht@db.example.ee/teejuht",
        "knowledge": str(tmp_path),
        "locales": str(tmp_path),
        "cache": str(tmp_path),
        "municipality": "kohtla-jarve",
        "web": "true",
        "web_host": "::1",
        "web_port": "9000",
        "admin_bind": "[::1]:9091",
        "public_url": "https://juht.example.ee",
        "telegram_token": "123456:ABC",
        "telegram_webhook": "true",
        "telegram_api": "http://127.0.0.1:8081",
        "matrix_user": "@teejuht:example.ee",
        "matrix_homeserver": "https://matrix.example.ee",
        "matrix_keys": "data/keys.db",
        "matrix_servers": "example.ee, example.org",
        "matrix_password": "secret",
        "matrix_token": "syt_abc",
        "desks": "{}",
        "claim_hours": "2",
        "answer_hours": "16",
        "smtp_host": "mail.example.ee",
        "smtp_port": "465",
        "smtp_security": "tls",
        "smtp_user": "teejuht",
        "smtp_password": "secret too",
        "mail_from": "teejuht@example.ee",
        "keep_conversations_days": "7",
        "keep_cases_days": "60",
        "keep_audit_days": "100",
        "messages_per_minute": "60",
        "messages_per_second": "0",
    }
    assert set(wanted) == set(Settings.model_fields)
    for name, value in wanted.items():
        monkeypatch.setenv(f"TEEJUHT_{name.upper()}", value)
    found = load_settings()
    for secret in SECRETS:
        assert getattr(found, secret).get_secret_value() == wanted.pop(secret)
    assert {name: str(value).lower() for name, value in found.model_dump(exclude=SECRETS).items()} == wanted


DESK = {"kohtla-jarve": {"email": ["abi@example.ee"], "telegram": -1001, "matrix": "!a:example.ee"}}
READY = {
    "telegram_token": "123456:ABC", "matrix_user": "@bot:example.ee", "smtp_host": "mail.example.ee",
    "mail_from": "bot@example.ee", "public_url": "https://juht.example.ee",
}  # fmt: skip


def test_desks_are_in_the_order_they_are_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Whoever stands first is asked first, from a variable as from a file."""
    desks = load_settings(**READY, desks=DESK).desks
    assert desks["kohtla-jarve"].order == ("email", "telegram", "matrix")
    file = tmp_path / "teejuht.toml"
    file.write_text(
        '[desks.kohtla-jarve]\nmatrix = "!a:example.ee"\ntelegram = -1001\nlang = "ru"\nnames = true\n', encoding="utf-8"
    )
    monkeypatch.setenv("TEEJUHT_CONFIG", str(file))
    found = load_settings(**READY).desks["kohtla-jarve"]
    assert (found.order, found.lang, found.names) == (("matrix", "telegram"), "ru", True)
    monkeypatch.delenv("TEEJUHT_CONFIG")
    monkeypatch.setenv("TEEJUHT_DESKS", '{"kohtla-jarve": {"telegram": -5, "email": ["a@b.ee"]}}')
    assert load_settings(**READY).desks["kohtla-jarve"].order == ("telegram", "email")


@pytest.mark.parametrize(
    ("lacking", "named"),
    [
        ("telegram_token", "TEEJUHT_TELEGRAM_TOKEN"),
        ("matrix_user", "TEEJUHT_MATRIX_USER"),
        ("smtp_host", "TEEJUHT_SMTP_HOST"),
        ("mail_from", "TEEJUHT_MAIL_FROM"),
        ("public_url", "TEEJUHT_PUBLIC_URL"),
    ],
)
def test_a_desk_needs_the_way_there(lacking: str, named: str) -> None:
    """A question must not wait where nothing could ever bring it."""
    with pytest.raises(SettingsError, match=named):
        load_settings(**{name: value for name, value in READY.items() if name != lacking}, desks=DESK)


@pytest.mark.parametrize(
    ("desks", "said"),
    [
        ({"narva": {}}, "TEEJUHT_DESKS: narva: name where staff are"),
        ({"narva": {"telegram": 5}}, "TEEJUHT_DESKS: narva.telegram: "),
        ({"narva": {"matrix": "#room:example.ee"}}, "TEEJUHT_DESKS: narva.matrix: "),
        ({"narva": {"email": ["not an address"]}}, "TEEJUHT_DESKS: narva.email.0: "),
        ({"narva": {"telegram": -5, "phone": "112"}}, "TEEJUHT_DESKS: narva.phone: "),
        ({"narva": {"telegram": -5, "routes": [{"to": "schools", "topics": ["school"]}]}}, "schools, which is no group of desks"),
    ],
)
def test_a_desk_that_is_not_one(desks: object, said: str) -> None:
    """Each fault names the desk and the field."""
    with pytest.raises(SettingsError) as caught:
        load_settings(**READY, desks=desks)
    assert said in str(caught.value)


def test_login_and_keys_of_matrix_move_with_the_work() -> None:
    """Where several processes share a database they share the keys; else a file has them."""
    assert load_settings(database="sqlite:///x.db").matrix_key_store == "sqlite:///data/matrix.db"
    shared = "postgresql://teejuht@db.example.ee/teejuht"
    assert load_settings(database=shared).matrix_key_store == shared


def test_servers_of_matrix_are_a_list() -> None:
    """Without any it is the bot's own."""
    user = "@teejuht:example.ee"
    assert load_settings(matrix_user=user).matrix_allowed == ("example.ee",)
    assert load_settings(matrix_user=user, matrix_servers="a.ee, b.ee:8448").matrix_allowed == ("a.ee", "b.ee:8448")


def test_settings_cannot_be_changed() -> None:
    """They are read once and frozen."""
    with pytest.raises(ValueError, match="frozen"):
        load_settings().web_port = 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE", "mysql://x/y"),
        ("DATABASE", "data/teejuht.db"),
        ("DATABASE", ""),
        ("KNOWLEDGE", "/no/such/folder"),
        ("LOCALES", "/no/such/folder"),
        ("MUNICIPALITY", "Kohtla Järve"),
        ("MUNICIPALITY", ""),
        ("WEB", "perhaps"),
        ("WEB_PORT", "65536"),
        ("WEB_PORT", "-1"),
        ("WEB_PORT", "http"),
        ("ADMIN_BIND", "9090"),
        ("ADMIN_BIND", "127.0.0.1"),
        ("ADMIN_BIND", ":9090"),
        ("ADMIN_BIND", "::1:9090"),
        ("ADMIN_BIND", "127.0.0.1:65536"),
        ("ADMIN_BIND", "http://127.0.0.1:9090"),
        ("PUBLIC_URL", "juht.example.ee"),
        ("PUBLIC_URL", "https://juht.example.ee/path"),
        ("TELEGRAM_API", "api.telegram.org"),
        ("TELEGRAM_API", "https://api.telegram.org/"),
        ("TELEGRAM_WEBHOOK", "true"),
        ("MATRIX_USER", "teejuht"),
        ("MATRIX_USER", "teejuht:example.ee"),
        ("MATRIX_HOMESERVER", "matrix.example.ee"),
        ("MATRIX_SERVERS", "@ann:example.ee"),
        ("KEEP_CONVERSATIONS_DAYS", "0"),
        ("KEEP_CONVERSATIONS_DAYS", "366"),
        ("KEEP_CONVERSATIONS_DAYS", "soon"),
    ],
)
def test_a_wrong_value_names_its_variable(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """One line, which begins with the variable and says what is wrong."""
    monkeypatch.setenv(f"TEEJUHT_{name}", value)
    said = fault()
    assert said.startswith(f"TEEJUHT_{name}: ")
    assert len(said) > len(f"TEEJUHT_{name}: ")
    assert len(said.splitlines()) == 1


def test_a_missing_folder_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder that is not there stands in the message."""
    monkeypatch.setenv("TEEJUHT_KNOWLEDGE", "/no/such/folder")
    assert fault() == "TEEJUHT_KNOWLEDGE: there is no folder /no/such/folder"


def test_a_password_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    """An address with a slip of the pen is named, not quoted."""
    monkeypatch.setenv("TEEJUHT_DATABASE", "postgres://bot:geheim@db/x")
    assert "geheim" not in fault()


def test_every_wrong_value_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Several faults are several lines."""
    monkeypatch.setenv("TEEJUHT_WEB", "perhaps")
    monkeypatch.setenv("TEEJUHT_WEB_PORT", "http")
    assert [line.split(":")[0] for line in fault().splitlines()] == ["TEEJUHT_WEB", "TEEJUHT_WEB_PORT"]


def test_a_misspelt_variable_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that nobody reads would be ignored in silence; it is named, with those that there are."""
    monkeypatch.setenv("TEEJUHT_WEBPORT", "80")
    monkeypatch.setenv("TEEJUHT_TOWN", "narva")
    said = fault()
    assert said.startswith("TEEJUHT_TOWN, TEEJUHT_WEBPORT: there is no such setting; known are TEEJUHT_ADMIN_BIND,")
    assert [name for name in Settings.model_fields if f"TEEJUHT_{name.upper()}" not in said] == []


@pytest.mark.parametrize("missing", [{"WEB": "false"}, {"PUBLIC_URL": "http://juht.example.ee"}, {"PUBLIC_URL": ""}])
def test_a_webhook_needs_somewhere_to_push_to(monkeypatch: pytest.MonkeyPatch, missing: dict[str, str]) -> None:
    """Telegram pushes over https to our web server only."""
    for name, value in {"TELEGRAM_WEBHOOK": "true", "PUBLIC_URL": "https://juht.example.ee", **missing}.items():
        monkeypatch.setenv(f"TEEJUHT_{name}", value)
    assert fault().startswith("TEEJUHT_TELEGRAM_WEBHOOK: needs TEEJUHT_PUBLIC_URL with https")


# --- secrets


def test_a_secret_is_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """However settings are printed, the token is not among them."""
    monkeypatch.setenv("TEEJUHT_TELEGRAM_TOKEN", "123456:GEHEIM")
    found = load_settings()
    assert "GEHEIM" not in f"{found!r} {found} {found.model_dump()} {found.model_dump_json()}"


def test_secrets_may_lie_in_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with a file for each secret, as containers and systemd give them; the line break at the end is none of it."""
    (tmp_path / "teejuht_telegram_token").write_text("123456:ABC\n")
    monkeypatch.setenv("TEEJUHT_SECRETS", str(tmp_path))
    assert load_settings().telegram_token.get_secret_value() == "123456:ABC"
    monkeypatch.setenv("TEEJUHT_TELEGRAM_TOKEN", "654321:XYZ ")
    assert load_settings().telegram_token.get_secret_value() == "654321:XYZ"


def test_a_missing_folder_of_secrets_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that is not there is not taken for an empty one."""
    monkeypatch.setenv("TEEJUHT_SECRETS", str(tmp_path / "gone"))
    assert fault() == f"TEEJUHT_SECRETS: there is no folder {tmp_path / 'gone'}"


# --- the file


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that TEEJUHT_CONFIG names."""
    file = tmp_path / "teejuht.toml"
    monkeypatch.setenv("TEEJUHT_CONFIG", str(file))
    return file


def test_the_file_sets_and_variables_win(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A TOML file holds the same names; a variable counts more, and what is given in code most."""
    config.write_text('web_port = 9000\nweb_host = "0.0.0.0"\nkeep_conversations_days = 7\n')
    monkeypatch.setenv("TEEJUHT_WEB_PORT", "9001")
    found = load_settings(keep_conversations_days=3)
    assert (found.web_host, found.web_port, found.keep_conversations_days) == ("0.0.0.0", 9001, 3)


def test_a_missing_file_is_named(config: Path) -> None:
    """A file that is not there is not taken for an empty one."""
    assert fault() == f"TEEJUHT_CONFIG: there is no file {config}"


@pytest.mark.parametrize("content", [b"web_port = \n", b"= 1", b"\xff\xfe", b'web_host = "unfinished'])
def test_a_broken_file_is_named(config: Path, content: bytes) -> None:
    """What is no TOML says so with the file's name."""
    config.write_bytes(content)
    said = fault()
    assert said.startswith(f"{config}: ")
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("web_port = 70000", "WEB_PORT"),
        ('colour = "red"', "COLOUR"),
        ("[web]\nport = 1\n", "WEB"),
        ("[desks.narva]\nx = 1\n", "DESKS"),
    ],
)
def test_a_wrong_value_in_the_file_is_named(config: Path, content: str, name: str) -> None:
    """A wrong value or an unknown name in the file is named as its variable would be."""
    config.write_text(content)
    assert fault().startswith(f"TEEJUHT_{name}: ")


def test_a_folder_given_in_code_is_checked(tmp_path: Path) -> None:
    """Also values that do not come from outside are looked at."""
    file = tmp_path / "file"
    file.write_text("")
    assert fault(knowledge=file) == f"TEEJUHT_KNOWLEDGE: there is no folder {file}"
