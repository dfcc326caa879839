"""All that an installation keeps, conversations and Matrix keys, copied as a whole: to another place, into a file and back.

Knows where both are kept, what a backup is and in which order things are done. Prints nothing.
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, Self, TypeAlias

from bot.errors import StoreError, WrongUse
from bot.platforms.matrix.moving import move, renew_sessions
from bot.settings import Settings
from bot.store import migrate
from bot.store.copying import Tell, copied, damage, held, one_file
from bot.store.tables import HEAD

Counts: TypeAlias = Mapping[str, int]
"""How many rows were copied, by table; KEYS counts those of the key store, unless both places share it."""

KEYS: Final = "Matrix login and keys"
SQLITE: Final = b"SQLite format 3\0"


@dataclass(frozen=True, slots=True)
class Place:
    """Where an installation keeps its conversations, and where its Matrix login and keys: two addresses."""

    database: str
    keys: str

    @classmethod
    def of(cls, settings: Settings, database: str | None = None) -> Self:
        """Give the place of these settings, or where it would be with another database."""
        if database is not None:
            settings = settings.model_copy(update={"database": database})
        return cls(settings.database, settings.matrix_key_store)

    @classmethod
    def in_file(cls, file: Path) -> Self:
        """Give the place in which one SQLite file holds everything."""
        return cls(f"sqlite:///{file}", f"sqlite:///{file}")


def copy(source: Place, target: Place, tell: Tell) -> Counts:
    """Copy everything into an empty place. Errors: Locked where a SQLite installation is being served; StoreError."""
    with held(source.database, target.database):
        return _copy(source, target, tell)


def backup(source: Place, file: Path, tell: Tell) -> Counts:
    """Copy everything into a new file that nobody else may read; the source may be in use. Errors: WrongUse, StoreError."""
    if file.exists():
        raise WrongUse(f"{file} is there already: name another file, or delete it")
    with _written_beside(file) as part:
        return _copy(source, Place.in_file(part), tell)


def restore(file: Path, target: Place, tell: Tell) -> Counts:
    """Copy everything from a backup into an empty place. Errors: Locked, WrongUse, StoreError."""
    with _taken(file) as private, held(target.database):
        renew_sessions(private.keys)
        return _copy(private, target, tell)


def _copy(source: Place, target: Place, tell: Tell) -> Counts:
    with ExitStack() as rows:
        counts = rows.enter_context(copied(source.database, target.database, tell))
        if one_file(target.database, target.keys):
            rows.close()  # SQLite has one writer at a time; otherwise the rows are kept once the keys are
        if one_file(source.keys, target.keys):
            return counts
        # Keys that are younger than the conversations open all their messages; the other way round some would stay shut.
        return {**counts, KEYS: move(source.keys, target.keys)}


@contextmanager
def _written_beside(file: Path) -> Iterator[Path]:
    """Give a file to write to that gets its name when it is whole, or goes. Errors: WrongUse if it cannot be written."""
    part = file.with_name(f"{file.name}.part")
    if "?" in str(part):
        raise WrongUse(f"{file}: a name with a question mark cannot be used")
    try:
        os.close(os.open(part, os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        raise WrongUse(f"{part} is there already: a backup is being written, or was cut off; delete it then") from None
    except OSError as error:
        raise WrongUse(f"{part} cannot be written: {error.strerror}") from error
    try:
        _remove_companions(part)
        yield part
        part.rename(file)
        _sync(file.parent)
    finally:
        part.unlink(missing_ok=True)
        _remove_companions(part)


def _remove_companions(file: Path) -> None:
    """Remove what SQLite keeps beside a file, also of one by that name that was cut off: it would be read into this one."""
    for end in ("-wal", "-shm"):
        Path(f"{file}{end}").unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    """Have a new name survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _taken(file: Path) -> Iterator[Place]:
    """Give a copy of a backup, whole and of this version; the file itself stays as it is. Errors: WrongUse, StoreError."""
    try:
        with file.open("rb") as begin:
            sqlite = begin.read(len(SQLITE)) == SQLITE
    except OSError as error:
        raise WrongUse(f"{file} cannot be read: {error.strerror}") from error
    with ExitStack() as stack:
        try:
            folder = stack.enter_context(TemporaryDirectory(prefix="teejuht-"))
            private = Place.in_file(shutil.copyfile(file, Path(folder) / "backup.db"))
        except OSError as error:
            raise StoreError(f"{file} cannot be copied into a temporary folder (TMPDIR): {error.strerror}") from error
        _bring_up(file, private.database, sqlite=sqlite)
        yield private


def _bring_up(file: Path, address: str, *, sqlite: bool) -> None:
    """Bring the copy of a backup up to this version. Errors: StoreError for what is none, or not whole, or newer."""
    if sqlite and (said := damage(address)):
        raise StoreError(f"{file} is damaged: {said}")
    found = migrate.revision(address) if sqlite else None
    if found is None:
        raise StoreError(f"{file} is no backup of teejuht")
    if found > HEAD:
        raise StoreError(f"{file} is of revision {found}, newer than this teejuht ({HEAD}): install the newer version")
    migrate.upgrade(address)
