"""Settings of every kind, in variables, in the file and as secrets: read, or refused in a sentence without a secret."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.errors import SettingsError
from bot.settings import Settings, load_settings
from tests.fuzz.mutation import TEXTS, broken_text, often

SECRET: Final = "kanarbik"
SECRETS: Final = ("telegram_token", "matrix_password", "matrix_token", "smtp_password")
NAMES: Final = tuple(f"TEEJUHT_{name.upper()}" for name in Settings.model_fields if name not in SECRETS)
VALUES: Final = (
    "", " ", "0", "1", "-1", "70000", "true", "maybe", "1.5", "1e9", "9" * 5000, "NaN", "inf", "null", "{}", "[]",
    "{", "[" * 5000,
    '{"a": ' * 5000, '{"narva": {"email": ["a@b.ee"]}}', '{"narva": {"telegram": -1}}', '{"narva": {"matrix": "!a:b"}}',
    '{"narva": {"routes": [{"to": "x"}]}}', '{"narva": 1}', '{"": {"email": []}}', '{"narva": {"email": "a@b.ee"}}', "a@b.ee",
    "@bot:example.ee", "https://a.ee", "https://a.ee/", "http://", "sqlite://", "sqlite:///x", "postgresql://",
    "mysql://x", "/", "/tmp",
    "kohtla-jarve", "starttls", "off", "ssl", "::1", "\udcff", "\n", "x" * 5000, "${HOME}", "../..",
)  # fmt: skip
TOML: Final = """web_port = 8081
municipality = "kohtla-jarve"
public_url = "https://juht.example.ee"
smtp_host = "mail.example.ee"
mail_from = "juht@example.ee"
telegram_token = "123456:kanarbik"
[desks.kohtla-jarve]
telegram = -1001
email = ["abi@example.ee"]
routes = [{to = "narva", topics = ["school"]}]
[desks.narva]
email = ["a@example.ee"]
"""
PIECES: Final = (
    "[", "]", "[[", "{", "}", "=", '"', '"""', "'", "\\", "#", ",", "[desks]", "[[desks]]", "1979-05-27", "0x",
    "inf", "nan", "+1", "_",
    "\r", "\x00", "\ufeff", "true", "[" * 3000, "{a = " * 3000, "a.b.c.d = 1", "telegram_token = [", "\\uD800", "9" * 5000,
)  # fmt: skip


@contextmanager
def environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set variables, and no others of ours, until left."""
    kept = dict(os.environ)
    for name in [name for name in os.environ if name.startswith("TEEJUHT_")]:
        del os.environ[name]
    try:
        os.environ.update(values)
        yield
    finally:
        os.environ.clear()
        os.environ.update(kept)


def load(values: Mapping[str, str]) -> Settings | str:
    """Read the settings, or give the sentence that says why not."""
    with environment(values):
        try:
            return load_settings()
        except SettingsError as error:
            return str(error)


def check(found: Settings | str) -> None:
    """It is settings, or names what is wrong and shows no secret."""
    if isinstance(found, str):
        assert "TEEJUHT_" in found or ".toml" in found
        assert SECRET not in found
    else:
        assert SECRET not in repr(found)


@often(400)
@given(
    values=st.dictionaries(
        st.sampled_from(NAMES),
        (st.sampled_from(VALUES) | TEXTS).map(lambda text: text.replace("\x00", "").encode("utf-8", "replace").decode()),
        max_size=5,
    ),
    secret=st.text("ab1:\n [{", max_size=5),
)
@example({"TEEJUHT_DESKS": "["}, "")
@example({"TEEJUHT_DESKS": "[" * 50_000}, "")
def test_any_variables_are_read_or_refused(values: dict[str, str], secret: str) -> None:
    """Each kind of slip, and many at once."""
    check(load({**values, **{f"TEEJUHT_{name.upper()}": f"{secret}{SECRET}{secret}" for name in SECRETS}}))


@often(250)
@given(text=broken_text(TOML, PIECES))
@example("a = " + "[" * 100_000)
@example("telegram_token = ['kanarbik']")
@example("telegram_token = 'kanarbik")
@example("telegram_token = 'kanarbik'\ntelegram_token = 'kanarbik'")
def test_any_file_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """The file that TEEJUHT_CONFIG names, however it is spoilt."""
    file = tmp_path_factory.getbasetemp() / "teejuht.toml"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    check(load({"TEEJUHT_CONFIG": str(file)}))


@often(100)
@given(
    kind=st.sampled_from(SECRETS),
    content=st.binary(max_size=40) | st.sampled_from((b"", b"\n", SECRET.encode() + b"\xff\n", b"\x00", b"a" * 100_000)),
)
def test_any_file_of_a_secret_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, kind: str, content: bytes) -> None:
    """Bytes that are no text, an empty file."""
    folder = tmp_path_factory.mktemp("secrets", numbered=True)
    (folder / f"teejuht_{kind}").write_bytes(content)
    check(load({"TEEJUHT_SECRETS": str(folder)}))


def test_a_folder_in_place_of_a_secret_is_refused(tmp_path: Path) -> None:
    """As container tools make one where the file to mount was missing."""
    (tmp_path / "teejuht_telegram_token").mkdir()
    found = load({"TEEJUHT_SECRETS": str(tmp_path)})
    assert isinstance(found, str)
    assert "TEEJUHT_SECRETS" in found or "TEEJUHT_TELEGRAM_TOKEN" in found


@pytest.mark.parametrize("broken", ["[", "[" * 50_000, "{", "kohtla-jarve"])
def test_a_variable_that_is_no_json_is_named(broken: str) -> None:
    """Who wrote desks into a variable reads which one it was."""
    found = load({"TEEJUHT_DESKS": broken})
    assert isinstance(found, str)
    assert found.startswith("TEEJUHT_DESKS: ")


def test_a_path_that_is_too_long_is_no_folder() -> None:
    """Such as a whole file that was pasted in place of its name."""
    found = load({"TEEJUHT_KNOWLEDGE": "x" * 5000})
    assert isinstance(found, str)
    assert found.startswith("TEEJUHT_KNOWLEDGE: there is no folder xxx")
    assert len(found) < 300
