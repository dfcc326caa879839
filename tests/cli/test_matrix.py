"""`teejuht matrix`: logging in with what is typed, set or kept in a file, how the account fares, the way there on a poster."""

import json
import sys
from collections.abc import Iterator
from contextlib import closing
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from bot import accounts
from bot.__main__ import cli, main
from bot.platforms.matrix import KeyStore, Login
from bot.settings import load_settings
from tests.cli.conftest import Done, Teejuht
from tests.cli.test_poster import lines
from tests.peers.synapse import Account, Synapse, synapse

KEYS = Path("data/matrix.db")


@pytest.fixture(scope="module")
def server() -> Iterator[Synapse]:
    """A homeserver."""
    with synapse() as running:
        yield running


@pytest.fixture
def account(server: Synapse, room: Path, monkeypatch: pytest.MonkeyPatch) -> Account:
    """An account that the settings name; nobody has logged in yet."""
    account = server.register()
    (room / "data").mkdir()
    monkeypatch.setenv("TEEJUHT_MATRIX_USER", account.user)
    monkeypatch.setenv("TEEJUHT_MATRIX_HOMESERVER", server.url)
    return account


def kept(account: Account) -> Login:
    """Give the login that is kept."""
    with closing(KeyStore.open(f"sqlite:///{KEYS}")) as keys:
        login = keys.login(account.user)
    assert login is not None
    return login


def assert_logged_in(done: Done, account: Account, *, token: str = "") -> None:
    """Assert that a login has worked, and that it told nothing that opens the account."""
    assert (done.code, done.out) == (0, "")
    login = kept(account)
    first, second, *rest = done.err.splitlines()
    assert first == f"Logged in as {account.user} at {login.homeserver}, device {login.device}."
    assert second == f"Login and keys are kept in {KEYS}: back it up, nobody can restore them."
    assert rest == []
    assert login.token not in done.err
    assert account.password not in done.err
    assert login.token == token or not token


def rows(done: Done) -> dict[str, str]:
    """Read the table that `status` prints."""
    found: dict[str, str] = {}
    last = ""
    for line in done.out.splitlines():
        if "│" in line:
            name, value = (cell.strip() for cell in line.strip("│").split("│"))
            last = name or last
            found[last] = f"{found.get(last, '')} {value}".strip()  # a long value goes on in the next line
    return found


# --- logging in


@pytest.mark.parametrize("typed", ["{}\n", "  {}  \r\n", "{}"])
def test_the_password_from_standard_input(teejuht: Teejuht, account: Account, typed: str) -> None:
    """A line is read; what stands around the password does not matter."""
    done = teejuht("matrix", "login", stdin=typed.format(account.password).encode())
    assert_logged_in(done, account)
    assert KEYS.stat().st_mode & 0o077 == 0


def test_the_password_at_a_terminal(
    account: Account, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A person is asked, and what they type is not shown."""
    asked: list[str] = []

    class Tty(TextIOWrapper):
        def isatty(self) -> bool:
            """Say that somebody sits there."""
            return True

    def hidden(prompt: str) -> str:
        asked.append(prompt)
        return account.password

    monkeypatch.setattr(sys, "stdin", Tty(BytesIO(), encoding="utf-8"))
    monkeypatch.setattr(accounts, "getpass", hidden)
    with pytest.raises(SystemExit) as ended:
        main(lambda: cli(["matrix", "login"]))
    assert_logged_in(Done(int(ended.value.code or 0), *capsys.readouterr()), account)
    assert asked == [f"The password of {account.user}: "]


def test_the_password_from_the_environment(teejuht: Teejuht, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is asked then."""
    monkeypatch.setenv("TEEJUHT_MATRIX_PASSWORD", account.password)
    assert_logged_in(teejuht("matrix", "login"), account)


def test_the_password_from_a_file(teejuht: Teejuht, account: Account, room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Below TEEJUHT_SECRETS, with the line break that files end with."""
    (room / "secrets").mkdir()
    (room / "secrets" / "teejuht_matrix_password").write_text(f"{account.password}\n")
    monkeypatch.setenv("TEEJUHT_SECRETS", str(room / "secrets"))
    assert_logged_in(teejuht("matrix", "login"), account)


def test_an_access_token(teejuht: Teejuht, account: Account) -> None:
    """With --token the line is an access token, and its device is the bot's."""
    done = teejuht("matrix", "login", "--token", stdin=f"{account.token}\n".encode())
    assert_logged_in(done, account, token=account.token)
    assert kept(account).device == account.device


@pytest.mark.parametrize("arguments", [[], ["--token"]], ids=["plain", "--token"])
def test_an_access_token_from_the_environment(
    teejuht: Teejuht, account: Account, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    """It is taken without a word about it, where no password is set."""
    monkeypatch.setenv("TEEJUHT_MATRIX_TOKEN", account.token)
    assert_logged_in(teejuht("matrix", "login", *arguments), account, token=account.token)


def test_of_both_the_one_that_is_asked_for(teejuht: Teejuht, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """The password, and with --token the token."""
    monkeypatch.setenv("TEEJUHT_MATRIX_PASSWORD", account.password)
    monkeypatch.setenv("TEEJUHT_MATRIX_TOKEN", "syt_wrong")
    assert_logged_in(teejuht("matrix", "login"), account)
    done = teejuht("matrix", "login", "--token")
    assert (done.code, done.out) == (1, "")


def test_logging_in_twice(teejuht: Teejuht, account: Account) -> None:
    """The device stays, so that nobody sees a new one."""
    teejuht("matrix", "login", stdin=account.password.encode())
    first = kept(account)
    assert_logged_in(teejuht("matrix", "login", stdin=account.password.encode()), account)
    assert (kept(account).device, kept(account).seeds) == (first.device, first.seeds)


def test_a_wrong_password(teejuht: Teejuht, account: Account) -> None:
    """One line says so, with no password in it; nothing is kept."""
    done = teejuht("matrix", "login", stdin=b"GEHEIM\n")
    assert (done.code, done.out) == (1, "")
    [line] = done.err.splitlines()
    assert line.startswith("teejuht: ")
    assert account.user in line
    assert "password" in line
    assert "GEHEIM" not in line
    with closing(KeyStore.open(f"sqlite:///{KEYS}")) as keys:
        assert keys.login(account.user) is None


def test_a_wrong_token(teejuht: Teejuht, account: Account) -> None:
    """As a wrong password, in its own words."""
    done = teejuht("matrix", "login", "--token", stdin=b"syt_GEHEIM\n")
    assert (done.code, done.out) == (1, "")
    [line] = done.err.splitlines()
    assert "access token" in line
    assert account.user in line
    assert "GEHEIM" not in line


@pytest.mark.parametrize(("arguments", "what"), [([], "password"), (["--token"], "access token")])
@pytest.mark.parametrize("typed", [b"", b"\n", b"  \n"])
def test_nothing_typed(teejuht: Teejuht, account: Account, arguments: list[str], what: str, typed: bytes) -> None:
    """It is wrong use, and nobody is asked anything."""
    done = teejuht("matrix", "login", *arguments, stdin=typed)
    assert (done.code, done.out, done.err) == (2, "", f"teejuht: no {what} was given\n")
    assert account.user


@pytest.mark.parametrize("verb", ["login", "status"])
def test_without_a_user(teejuht: Teejuht, verb: str) -> None:
    """The setting is named, with an example."""
    done = teejuht("matrix", verb)
    assert (done.code, done.out) == (1, "")
    assert done.err == "teejuht: TEEJUHT_MATRIX_USER is not set: it names the bot's account, such as @teejuht:example.ee\n"


def test_a_homeserver_that_is_not_there(teejuht: Teejuht, account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line, and the password goes nowhere."""
    monkeypatch.setenv("TEEJUHT_MATRIX_HOMESERVER", "http://127.0.0.1:9")
    done = teejuht("matrix", "login", stdin=account.password.encode())
    assert (done.code, done.out) == (1, "")
    [line] = done.err.splitlines()
    assert line.startswith("teejuht: http://127.0.0.1:9 cannot be reached")


def test_a_folder_that_is_not_there_yet(teejuht: Teejuht, account: Account, room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The place of the keys is made."""
    monkeypatch.setenv("TEEJUHT_MATRIX_KEYS", str(room / "new" / "folder" / "keys.db"))
    done = teejuht("matrix", "login", stdin=account.password.encode())
    assert done.code == 0
    assert (room / "new" / "folder" / "keys.db").exists()
    assert f"{room}/new/folder/keys.db" in done.err.replace("\n", "")


# --- how it fares


def test_status_of_a_good_login(teejuht: Teejuht, account: Account, server: Synapse) -> None:
    """Everything is well, and the exit code says so too."""
    teejuht("matrix", "login", stdin=account.password.encode())
    login = kept(account)
    done = teejuht("matrix", "status")
    assert (done.code, done.err) == (0, "")
    assert rows(done) == {
        "account": account.user, "homeserver": server.url, "device": login.device, "login accepted": "yes",
        "device signed": "yes", "keys": str(KEYS), "problem": "-",
    }  # fmt: skip
    assert login.token not in done.out
    as_json = teejuht("matrix", "status", "--json")
    assert (as_json.code, as_json.err) == (0, "")
    assert json.loads(as_json.out) == rows(done) | {"login accepted": True, "device signed": True}


def test_status_before_a_login(teejuht: Teejuht, account: Account) -> None:
    """What to do is said; exit code 1, also with --json."""
    done = teejuht("matrix", "status")
    assert (done.code, done.err) == (1, "")
    problem = f"nobody has logged in as {account.user}: run `teejuht matrix login`"
    assert rows(done) == {
        "account": account.user, "homeserver": "-", "device": "-", "login accepted": "no", "device signed": "no",
        "keys": str(KEYS), "problem": problem,
    }  # fmt: skip
    as_json = teejuht("matrix", "status", "--json")
    assert (as_json.code, json.loads(as_json.out)["problem"]) == (1, problem)


def test_status_after_a_logout(teejuht: Teejuht, account: Account, server: Synapse) -> None:
    """A login that the server forgot is a problem, and logging in again mends it."""
    teejuht("matrix", "login", stdin=account.password.encode())
    server.revoke(kept(account).token)
    found = json.loads(teejuht("matrix", "status", "--json").out)
    assert (found["login accepted"], found["device signed"]) == (False, False)
    assert "log in again" in found["problem"]
    assert teejuht("matrix", "status").code == 1
    assert_logged_in(teejuht("matrix", "login", stdin=account.password.encode()), account)
    assert teejuht("matrix", "status").code == 0


def test_status_without_the_server(teejuht: Teejuht, account: Account, server: Synapse) -> None:
    """A server that does not answer is told apart from a login that is not good."""
    teejuht("matrix", "login", stdin=account.password.encode())
    server.stop()
    done = teejuht("matrix", "status", "--json")
    server.start()
    assert done.code == 1
    assert "cannot be reached" in json.loads(done.out)["problem"]
    assert teejuht("matrix", "status").code == 0


def test_keys_beside_the_conversations(monkeypatch: pytest.MonkeyPatch, account: Account) -> None:
    """With PostgreSQL no file is named, as there is none."""
    monkeypatch.setenv("TEEJUHT_DATABASE", "postgresql://teejuht@db.example.ee/teejuht")
    settings = load_settings()
    assert settings.matrix_user == account.user
    assert accounts.place_of_keys(settings) == "the database"
    assert settings.matrix_key_store == settings.database


# --- the way there


def test_a_poster_with_the_way_there(teejuht: Teejuht, room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The account stands on it beside the page, and needs no login for that."""
    monkeypatch.setenv("TEEJUHT_MATRIX_USER", "@teejuht:example.ee")
    monkeypatch.setenv("TEEJUHT_PUBLIC_URL", "https://juht.example.ee")
    done = teejuht("poster", "sampleton")
    assert (done.code, done.out) == (0, "")
    assert done.err == "teejuht-sampleton.svg: @teejuht:example.ee, juht.example.ee\n"
    said = lines(room / "teejuht-sampleton.svg")
    assert "Matrix" in said
    assert "@teejuht:example.ee" in said
    assert [way.link for way in accounts.poster_ways(load_settings(), "sampleton", "")] == [
        "https://matrix.to/#/@teejuht:example.ee",
        "https://juht.example.ee/?start=sampleton",
    ]


def test_a_poster_with_all_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    """Telegram first, as most people have it."""
    monkeypatch.setenv("TEEJUHT_MATRIX_USER", "@teejuht:example.ee")
    settings = load_settings()
    assert accounts.telegram_name(settings) == ""
    assert [way.name for way in accounts.poster_ways(settings, "sampleton", "some_bot")] == ["Telegram", "Matrix"]
