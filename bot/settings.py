"""All settings, read once: TEEJUHT_* variables or a TOML file; a wrong value stops the start and names the variable."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from bot.errors import SettingsError

PACKAGE = Path(__file__).parent
SHIPPED = PACKAGE / "_shipped"
DATABASES = ("sqlite://", "sqlite+pysqlite://", "postgresql://", "postgresql+psycopg://")
ROOT = SHIPPED if SHIPPED.exists() else PACKAGE.parent


def _folder(path: Path) -> Path:
    if not path.is_dir():
        raise ValueError(f"there is no folder {path}")
    return path


def _address(url: str) -> str:
    # Which addresses work is the store's to say; here a slip of the pen gets the name of its variable.
    if not url.startswith(DATABASES):
        raise ValueError("write sqlite:///FILE or postgresql://HOST/NAME")
    return url


Folder = Annotated[Path, AfterValidator(_folder)]
Address = Annotated[str, AfterValidator(_address)]


class Settings(BaseSettings):
    """Every setting has a default: without any, the web page and the terminal run on SQLite in ./data."""

    model_config = SettingsConfigDict(env_prefix="TEEJUHT_", extra="forbid", frozen=True)

    database: Address = "sqlite:///data/teejuht.db"
    """Where conversations are kept: sqlite:///path or postgresql://user@host/name."""
    knowledge: Folder = Field(default=ROOT / "knowledge", validate_default=True)
    """Folder of the knowledge files."""
    locales: Folder = Field(default=ROOT / "locales", validate_default=True)
    """Folder of the compiled catalogs."""
    cache: Path = Path("data/cache")
    """Folder where the search is kept for a quick start; it may be emptied, or be one that cannot be written."""
    municipality: str | None = Field(default=None, pattern=r"^[a-z0-9-]+$")
    """The municipality that runs this bot (kohtla-jarve); nobody is asked then."""
    web: bool = True
    """Serve the web page."""
    web_host: str = "127.0.0.1"
    web_port: int = Field(default=8080, ge=0, le=65535)
    public_url: str = Field(default="", pattern=r"^(https?://[^\s/]+)?$")
    """The page's address as people see it, behind a proxy."""
    keep_conversations_days: int = Field(default=30, ge=1, le=365)
    """Days after the last message at which a conversation is deleted."""

    @property
    def keep_conversations(self) -> timedelta:
        """How long a conversation is kept after its last message."""
        return timedelta(days=self.keep_conversations_days)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read variables first, then the file that TEEJUHT_CONFIG names."""
        sources: tuple[PydanticBaseSettingsSource, ...] = (init_settings, env_settings)
        if file := os.environ.get("TEEJUHT_CONFIG"):
            sources += (TomlConfigSettingsSource(settings_cls, toml_file=file),)
        return sources


def load_settings(**given: object) -> Settings:
    """Read the settings. Errors: SettingsError that names each wrong variable and says what is wrong."""
    _refuse_unknown()
    config = os.environ.get("TEEJUHT_CONFIG")
    if config and not Path(config).is_file():
        raise SettingsError(f"TEEJUHT_CONFIG: there is no file {config}")
    try:
        return Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        faults = (f"TEEJUHT_{str(e['loc'][0]).upper()}: {e['msg'].removeprefix('Value error, ')}" for e in error.errors())
        raise SettingsError("\n".join(faults)) from error
    except ValueError as error:
        raise SettingsError(f"{config}: {error}") from error


def _refuse_unknown() -> None:
    """A misspelt variable would be ignored in silence; say so instead."""
    known = {f"TEEJUHT_{name.upper()}" for name in Settings.model_fields} | {"TEEJUHT_CONFIG"}
    unknown = sorted(name for name in os.environ if name.startswith("TEEJUHT_") and name not in known)
    if unknown:
        raise SettingsError(f"{', '.join(unknown)}: there is no such setting; known are {', '.join(sorted(known))}")
