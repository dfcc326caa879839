"""What a file in an event says of itself, and what we keep of it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import Refused
from bot.platforms.matrix.files import MOST_BYTES, Ref, file_content, file_of, read_ref, written_out
from bot.ports import File

Json = dict[str, Any]
HIDDEN: Json = {"url": "mxc://a.ee/b-_1", "key": {"k": "key"}, "iv": "iv", "hashes": {"sha256": "hash"}, "v": "v2"}
PLAIN: Json = {"body": "a.pdf", "url": "mxc://a.ee/b", "info": {"mimetype": "Application/PDF", "size": 7}}


def test_a_file_in_the_clear() -> None:
    """Name, type and size are as its sender says, its place is what is needed to fetch it."""
    assert file_of(PLAIN) == File(
        name="a.pdf", media_type="application/pdf", size=7, ref='{"url": "mxc://a.ee/b"}', channel="matrix"
    )
    assert read_ref(file_of(PLAIN).ref) == Ref(server="a.ee", media="b")


def test_a_hidden_file() -> None:
    """With what opens it; one that nothing opens cannot be fetched."""
    found = file_of({"body": "a.pdf", "file": HIDDEN})
    assert read_ref(found.ref) == Ref(server="a.ee", media="b-_1", key="key", iv="iv", sha256="hash")
    for missing in ("key", "iv", "hashes", "url"):
        assert file_of({"body": "a.pdf", "file": {**HIDDEN, missing: {}}}).ref == ""


@pytest.mark.parametrize(
    "url", ["", "https://a.ee/b", "mxc://a.ee", "mxc://a.ee/b/c", "mxc://a.ee/b?x=1", "mxc://../b#", "mxc://a/b\n", None, 7]
)
def test_an_address_that_leads_elsewhere_is_none(url: object) -> None:
    """Only a place in a homeserver's store is asked for."""
    assert file_of({**PLAIN, "url": url}).ref == ""
    with pytest.raises(Refused):
        read_ref(json.dumps({"url": url}))


@pytest.mark.parametrize("ref", ["", "x", "[]", "7", "null", '"mxc://a/b"', "{}"])
def test_what_is_no_file_of_ours_is_refused(ref: str) -> None:
    """Such as one of another platform."""
    with pytest.raises(Refused):
        read_ref(ref)


@pytest.mark.parametrize("size", [-1, True, 1.5, "7", None, MOST_BYTES + 1])
def test_a_size_that_is_none_is_nothing(size: object) -> None:
    """People's programs write what they like."""
    assert file_of({**PLAIN, "info": {"size": size}}).size == 0


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\a.pdf", "a.pdf"),
        ("a\u202efdp.exe", "afdp.exe"),
        ("a\nb\x00.txt", "ab\ufffd.txt"),
        ("x" * 500, "x" * 200),
        ("õ ä.pdf", "õ ä.pdf"),
    ],
)
def test_a_name_is_a_name(name: str, kept: str) -> None:
    """It leads nowhere and hides nothing."""
    assert file_of({**PLAIN, "filename": name}).name == kept


def test_what_is_written_is_read_again() -> None:
    """As our own programs and everybody's read it."""
    content = file_content("a.png", "image/png", 3, {"url": "mxc://a/b"})
    assert content["msgtype"] == "m.image"
    assert file_of(content) == File(name="a.png", media_type="image/png", size=3, ref='{"url": "mxc://a/b"}', channel="matrix")
    assert file_content("a", "", 3, {"file": HIDDEN})["msgtype"] == "m.file"


def test_a_file_that_is_not_handed_on_is_named() -> None:
    """Literally, and with its size, which tells why."""
    assert written_out("a_b.pdf", 60_000_000) == "📎 a\\_b\\.pdf \\(60\\.0 MB\\)"


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just("mxc://a/b"),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["body", "filename", "info", "mimetype", "size", "url", "file", "key", "k", "iv", "hashes", "sha256"]
            ),
            inner,
            max_size=6,
        )
    ),
    max_leaves=20,
)


@given(content=ODD.filter(lambda content: isinstance(content, dict)))
def test_any_content_is_read(content: Json) -> None:
    """And what is kept of it can be read back."""
    found = file_of(content)
    assert 0 <= found.size <= MOST_BYTES
    assert found.ref == "" or read_ref(found.ref).media == "b"
