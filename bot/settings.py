"""All settings, read once: TEEJUHT_* variables or a TOML file; a wrong value stops the start and names the variable."""

import os
import re
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from bot.errors import SettingsError

PACKAGE = Path(__file__).parent
SHIPPED = PACKAGE / "_shipped"
DESK_KINDS = ("telegram", "matrix", "email")
PORTS = 2**16
DATABASES = ("sqlite://", "sqlite+pysqlite://", "postgresql://", "postgresql+psycopg://")
ROOT = SHIPPED if SHIPPED.exists() else PACKAGE.parent


def _folder(path: Path) -> Path:
    try:
        found = path.is_dir()
    except OSError:  # a name that is too long is no folder's
        found = False
    if not found:
        raise ValueError(f"there is no folder {str(path)[:200]}")
    return path


def _address(url: str) -> str:
    # Which addresses work is the store's to say; here a slip of the pen gets the name of its variable.
    if not url.startswith(DATABASES):
        raise ValueError("write sqlite:///FILE or postgresql://HOST/NAME")
    return url


def _bind(bind: str) -> str:
    written = re.fullmatch(r"(?:\[[0-9a-fA-F:.]+\]|[^\s\[\]:/@]+):([0-9]{1,5})", bind)
    if bind and not (written and int(written[1]) < PORTS):
        raise ValueError("write HOST:PORT, such as 127.0.0.1:9090 or [::1]:9090, or leave it empty for none")
    return bind


Folder = Annotated[Path, AfterValidator(_folder)]
Address = Annotated[str, AfterValidator(_address)]
Bind = Annotated[str, AfterValidator(_bind)]


class RouteSettings(BaseModel):
    """Cases of a municipality that another group of desks receives; all that is named must fit."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    to: str
    topics: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()


class DeskSettings(BaseModel):
    """Where a municipality's staff receive cases; `order` is that of escalation, as the kinds were written."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    telegram: int | None = Field(default=None, lt=0)
    matrix: str | None = Field(default=None, pattern=r"^![^\s:]+(:\S+)?$")
    email: tuple[Annotated[str, Field(pattern=r"^[^@\s,]+@[^@\s,]+\.[^@\s,.]+$")], ...] = ()
    lang: str = "et"
    names: bool = False
    """Show residents who answers."""
    routes: tuple[RouteSettings, ...] = ()
    order: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _in_order(cls, given: object) -> object:
        if not isinstance(given, dict) or "order" in given:
            return given
        return {**given, "order": tuple(kind for kind in given if kind in DESK_KINDS and given[kind])}

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        if set(self.order) - set(DESK_KINDS) or not self.order:
            raise ValueError("name where staff are: telegram, matrix or email")
        return self


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
    admin_bind: Bind = "127.0.0.1:9090"
    """Where the operator's window listens (health, readiness, metrics): host:port; empty: nowhere. It asks for no password."""
    telegram_token: SecretStr = SecretStr("")
    """What @BotFather gave for the bot; without it Telegram is not served."""
    telegram_webhook: bool = False
    """Have Telegram push to `public_url` instead of asking it."""
    telegram_api: str = Field(default="https://api.telegram.org", pattern=r"^https?://[^\s/]+$")
    """Where the Bot API is, for those who run a server of their own."""
    matrix_user: str = Field(default="", pattern=r"^(@[^\s:]+:\S+)?$")
    """The bot's account, such as @teejuht:example.ee; without it Matrix is not served."""
    matrix_homeserver: str = Field(default="", pattern=r"^(https?://\S+[^\s/])?$")
    """The homeserver's address, where the account's server does not tell it."""
    matrix_keys: Path = Path("data/matrix.db")
    """File of the bot's login and keys; with PostgreSQL they are in the database."""
    matrix_servers: str = Field(default="", pattern=r"^[^\s@!#]*(,\s*[^\s@!#]+)*$")
    """Servers, with commas between, whose people may invite the bot to rooms with several people; default: its own."""
    matrix_password: SecretStr = SecretStr("")
    """For `teejuht matrix login` where nobody can be asked: the account's password ..."""
    matrix_token: SecretStr = SecretStr("")
    """... or an access token of it."""
    desks: dict[Annotated[str, Field(pattern=r"^[a-z0-9-]+$")], DeskSettings] = {}
    """Where staff receive cases, by municipality: {"kohtla-jarve": {"telegram": -1001234567890}}; best in the TOML file."""
    claim_hours: int = Field(default=4, ge=1, le=80)
    """Working hours after which a case that nobody took goes to the next desk as well."""
    answer_hours: int = Field(default=8, ge=1, le=80)
    """Working hours after which staff who took a case are reminded."""
    smtp_host: str = ""
    """The mail server, for desks with e-mail and for telling web residents that an answer waits."""
    smtp_port: int = Field(default=587, ge=1, le=65535)
    smtp_security: Literal["starttls", "tls", "off"] = "starttls"
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    mail_from: str = Field(default="", pattern=r"^([^@\s]+@[^@\s]+)?$")
    """The address that mails come from."""
    keep_conversations_days: int = Field(default=30, ge=1, le=365)
    """Days after the last message at which a conversation is deleted."""
    keep_cases_days: int = Field(default=90, ge=14, le=3650)
    """Days after its end at which a case is deleted."""
    keep_audit_days: int = Field(default=365, ge=1, le=3650)
    """Days for which it is kept which member of staff did what with a case, without any text."""

    messages_per_minute: int = Field(default=30, ge=0, le=10_000)
    """Messages of one person that are read in a minute; 0: all."""
    messages_per_second: int = Field(default=500, ge=0, le=100_000)
    """Messages that come in on one channel in a second, before the others have to wait; 0: all."""

    @property
    def has_mail(self) -> bool:
        """Tell whether mails can be sent, and lead to our pages."""
        return bool(self.smtp_host and self.mail_from and self.public_url and self.web)

    @property
    def admin_address(self) -> tuple[str, int] | None:
        """Give host and port of the operator's window; None for none."""
        host, _, port = self.admin_bind.rpartition(":")
        return (host.strip("[]"), int(port)) if self.admin_bind else None

    @property
    def matrix_key_store(self) -> str:
        """Where the login and the keys are: with the conversations where those are on a server, to move with the work."""
        return self.database if self.database.startswith("postgresql") else f"sqlite:///{self.matrix_keys}"

    @property
    def matrix_allowed(self) -> tuple[str, ...]:
        """Servers whose people may invite the bot to rooms with several people."""
        named = tuple(server.strip() for server in self.matrix_servers.split(",") if server.strip())
        return named or (self.matrix_user.partition(":")[2],)

    @field_validator("telegram_token", "matrix_password", "matrix_token", "smtp_password")
    @classmethod
    def _without_breaks(cls, token: SecretStr) -> SecretStr:
        # A file ends with a line break, and what was copied from a chat often with a space.
        return SecretStr(token.get_secret_value().strip())

    @field_validator("telegram_webhook")
    @classmethod
    def _reachable(cls, wanted: bool, info: ValidationInfo) -> bool:
        if wanted and not (info.data.get("web") and str(info.data.get("public_url", "")).startswith("https://")):
            raise ValueError("needs TEEJUHT_PUBLIC_URL with https and the web server (TEEJUHT_WEB), to which Telegram can push")
        return wanted

    @model_validator(mode="after")
    def _desks_can_be_served(self) -> Self:
        """Refuse desks that nothing could ever reach, rather than have a question wait there."""
        for name, desk in self.desks.items():
            if desk.telegram and not self.telegram_token.get_secret_value():
                raise ValueError(f"TEEJUHT_DESKS: {name} has a Telegram desk, which needs TEEJUHT_TELEGRAM_TOKEN")
            if desk.matrix and not self.matrix_user:
                raise ValueError(f"TEEJUHT_DESKS: {name} has a Matrix desk, which needs TEEJUHT_MATRIX_USER")
            if desk.email and not self.has_mail:
                raise ValueError(
                    f"TEEJUHT_DESKS: {name} has an e-mail desk, which needs TEEJUHT_SMTP_HOST, TEEJUHT_MAIL_FROM, "
                    "TEEJUHT_PUBLIC_URL and the web server (TEEJUHT_WEB) for the page of the case"
                )
            if missing := [route.to for route in desk.routes if route.to not in self.desks]:
                raise ValueError(f"TEEJUHT_DESKS: {name} sends cases to {', '.join(missing)}, which is no group of desks")
        return self

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the library's signature
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read variables first, then files of secrets below TEEJUHT_SECRETS, then the file that TEEJUHT_CONFIG names."""
        sources: tuple[PydanticBaseSettingsSource, ...] = (init_settings, env_settings)
        if folder := os.environ.get("TEEJUHT_SECRETS"):
            sources += (SecretsSettingsSource(settings_cls, secrets_dir=folder),)
        if file := os.environ.get("TEEJUHT_CONFIG"):
            sources += (TomlConfigSettingsSource(settings_cls, toml_file=file),)
        return sources


def load_settings(**given: object) -> Settings:
    """Read the settings. Errors: SettingsError that names each wrong variable and says what is wrong."""
    _refuse_unknown()
    config, secrets = os.environ.get("TEEJUHT_CONFIG"), os.environ.get("TEEJUHT_SECRETS")
    if secrets and not Path(secrets).is_dir():
        raise SettingsError(f"TEEJUHT_SECRETS: there is no folder {secrets}")
    for name in Settings.model_fields if secrets else ():
        if (file := Path(str(secrets)) / f"teejuht_{name}").is_dir():
            raise SettingsError(f"TEEJUHT_SECRETS: {file} is a folder; what was to be there is missing")
    if config and not Path(config).is_file():
        raise SettingsError(f"TEEJUHT_CONFIG: there is no file {config}")
    try:
        return Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        raise SettingsError("\n".join(map(_fault, error.errors()))) from error
    except (ValueError, RecursionError) as error:
        raise SettingsError(_unreadable(error, config, secrets)) from error


def _unreadable(error: Exception, config: str | None, secrets: str | None) -> str:
    """Say what could not even be read: a variable that is no JSON, the file, or a secret's."""
    if named := re.search(r'field "(\w+)"', str(error)):
        return f"TEEJUHT_{named[1].upper()}: this is not JSON: write it in the file that TEEJUHT_CONFIG names, or correct it"
    if isinstance(error, RecursionError):
        return f"{config or 'TEEJUHT_DESKS'}: brackets stand in each other too deeply"
    where = (config, secrets and f"TEEJUHT_SECRETS ({secrets})")
    return f"{' or '.join(filter(None, where))}: {error}"


def _fault(error: ErrorDetails) -> str:
    """Say what is wrong with which variable, and where in it if it holds several things."""
    said = error["msg"].removeprefix("Value error, ")
    if not error["loc"]:
        return said
    name, *within = map(str, error["loc"])
    return f"TEEJUHT_{name.upper()}: {'.'.join([*within, ''])[:-1]}{': ' if within else ''}{said}"


def _refuse_unknown() -> None:
    """A misspelt variable would be ignored in silence; say so instead."""
    known = {f"TEEJUHT_{name.upper()}" for name in Settings.model_fields} | {"TEEJUHT_CONFIG", "TEEJUHT_SECRETS"}
    unknown = sorted(name for name in os.environ if name.startswith("TEEJUHT_") and name not in known)
    if unknown:
        raise SettingsError(f"{', '.join(unknown)}: there is no such setting; known are {', '.join(sorted(known))}")
