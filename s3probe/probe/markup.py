"""Parses XML from untrusted servers: no DTD, no entities, bounded; of a broken document what can be read."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from s3probe.patterns import regex
from s3probe.records import dataclass

LARGEST = 8 * 1024 * 1024
"""Bytes; no S3 answer that s3probe asks for comes near it."""
DEEPEST = 64

_FORBIDDEN = regex("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_REFERENCE = regex(r"&#(?:x([0-9a-fA-F]{1,8})|([0-9]{1,10}));")


class _RefusedError(Exception):
    """The document holds something that an S3 answer never holds."""


@dataclass(frozen=True, slots=True)
class Document:
    """The elements that could be read, and what was wrong with the rest."""

    root: Element | None
    problem: str = ""
    """Why the document was refused or broke off; ``""`` when it is well-formed."""


def parse(body: bytes) -> Document:
    """Reads ``body`` as far as it is XML. Never raises; ``root`` is ``None`` when it is not XML or was refused."""
    if not body.strip():
        return Document(None, "empty")
    if len(body) > LARGEST:
        return Document(None, f"larger than {LARGEST} bytes")
    builder = _Builder()
    try:
        builder.feed(_sanitised(body))
    except _RefusedError as refused:
        return Document(None, str(refused))
    except expat.ExpatError as broken:
        # a cut-off answer still names its code: what was read stays
        return Document(builder.partial(), f"not well-formed: {expat.errors.messages.get(broken.code, 'broken')}")
    return Document(builder.partial())


def local_name(element: Element) -> str:
    """The element's name without a namespace: providers disagree about S3's."""
    return element.tag.rpartition(":")[2]


def _sanitised(body: bytes) -> str:
    """Text that expat can read: some servers send raw or escaped control characters, or bytes that are not UTF-8."""
    encoding = "utf-16" if body[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    text = _FORBIDDEN.sub("\ufffd", body.decode(encoding, "replace")).lstrip()
    return _REFERENCE.sub(_reference, text)


def _reference(match: re.Match[str]) -> str:
    number = int(match[1], 16) if match[1] else int(match[2])
    allowed = (
        number in (9, 10, 13) or 0x20 <= number < 0xD800 or 0xE000 <= number < 0xFFFE or 0x10000 <= number < 0x110000
    )
    return match[0] if allowed else "\ufffd"


class _Builder:
    """Feeds a tree builder from expat, with every door to the outside shut."""

    def __init__(self) -> None:
        self._tree = TreeBuilder()
        self._open: list[str] = []
        self._root: Element | None = None
        parser = expat.ParserCreate("utf-8")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._data
        parser.StartDoctypeDeclHandler = self._doctype
        parser.EntityDeclHandler = self._entity
        self._parser = parser

    def feed(self, text: str) -> None:
        self._parser.Parse(text.encode("utf-8", "replace"), True)

    def partial(self) -> Element | None:
        """The root with everything that was read under it; open elements are closed."""
        while self._open:
            self._end(self._open[-1])
        return self._root

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._open) >= DEEPEST:
            raise _RefusedError(f"nested deeper than {DEEPEST} elements")
        element = self._tree.start(name, attributes)
        if self._root is None:
            self._root = element
        self._open.append(name)

    def _end(self, name: str) -> None:
        self._tree.end(name)
        self._open.pop()

    def _data(self, text: str) -> None:
        if self._open:
            self._tree.data(text)

    def _doctype(self, *_declaration: object) -> None:
        raise _RefusedError("it has a DOCTYPE, which no S3 answer has")

    def _entity(self, *_declaration: object) -> None:
        raise _RefusedError("it declares an entity, which no S3 answer does")
