"""Finds secrets where little of a text counts: not the case, and not what stands between letters and digits.

Whoever lowers a secret's letters, or puts a blank, a dash or nothing for its other characters, has said it all the
same. So texts and secrets are compared as they read when only letters and digits count: once with a text's escapes
(``%2F``, ``\\u002f``, ``&#47;``) as they stand, and once with what they stand for.
"""

from __future__ import annotations

import base64
import re
from bisect import bisect_right
from collections.abc import Iterator
from urllib.parse import quote

MARK = "***"
"""Stands where a secret stood. Shorter than any form that is looked for, so replacing comes to an end."""

CUT_MARK = "…"
"""Stands where a text was cut off (``probe.text``)."""

SHORTEST = 16
"""Letters and digits. A shorter secret may be a word and a year, and is hidden only where it is written as it is.

Those that a storage makes have 20 and more.
"""

SHORTEST_OF_ONE_KIND = 24
"""Letters, or digits, where a secret has none of the others: fewer may be a name or a time."""

HEAD = 4
"""Characters of a form that are looked for first. No form is shorter."""

LONGEST_START = 512
"""Characters before a cut in which the beginning of a secret is looked for."""

_ESCAPE = (
    r"%(?:25)*+([0-9a-f]{2})"
    r"|\\++(?:u\{0*+([0-9a-f]{1,6})\}|u(?:0000)?([0-9a-f]{4})|x([0-9a-f]{2})|([0-3][0-7]{2})|[nrt])?"
    r"|&(?:amp;)*+(?:(?:\#x0*+([0-9a-f]{1,6})|\#0*+([0-9]{1,7})|[a-z]{2,6});)?"
)
"""One character as URL, JSON, Python, shell or XML escape it, escaped again or not. Matched in linear time."""
_INTRODUCERS = "%\\&"
"""With which it begins."""
_BASES = (0, 16, 16, 16, 16, 8, 16, 10)
"""Of the number that each of its groups holds."""


def _meant(escape: re.Match[str]) -> str:
    """The character that was escaped; nothing where it is none of ASCII."""
    group = escape.lastindex or 0
    code = int(escape[group], _BASES[group]) if group else 128
    return chr(code) if code < 128 else ""


class _Reading:
    """What of a text counts, and how it reads."""

    def __init__(self, counts: str, table: bytes) -> None:
        """``counts`` as in a character class; ``table`` as ``bytes.translate`` takes it."""
        self._table = table
        self._others = bytes(octet for octet in range(256) if not re.fullmatch(f"[{counts}]".encode(), bytes([octet])))
        self._run = re.compile(f"[{counts}]+")
        self._token = re.compile(f"{_ESCAPE}|[{counts}]+", re.IGNORECASE | re.ASCII)
        self._escape = re.compile(_ESCAPE, re.IGNORECASE | re.ASCII)

    def of(self, text: str, *, meant: bool = False) -> bytes:
        """How ``text`` reads as it stands, or with what its escapes stand for."""
        if meant:
            text = self._escape.sub(_meant, text)
        return text.encode("ascii", "ignore").translate(self._table, self._others)

    def places(self, text: str, spans: list[tuple[int, int]], *, meant: bool) -> list[tuple[int, int]]:
        """From where to where these spans of what was read stand in ``text``."""
        offsets: list[int] = []
        tokens: list[re.Match[str]] = []
        length = 0
        for token in (self._token if meant else self._run).finditer(text):
            size = len(self.of(token[0], meant=True)) if token[0][0] in _INTRODUCERS else len(token[0])
            if size:
                offsets.append(length)
                tokens.append(token)
                length += size

        def place(at: int) -> tuple[int, int]:
            number = bisect_right(offsets, at) - 1
            token = tokens[number]
            if token[0][0] in _INTRODUCERS:
                return token.span()
            start = token.start() + at - offsets[number]
            return start, start + 1

        return [(place(first)[0], place(last - 1)[1]) for first, last in spans]


_LOOSE = _Reading("A-Za-z0-9", bytes(range(256)).lower())
_BASE64 = _Reading("A-Za-z0-9+/_-", bytes.maketrans(b"-_", b"+/"))
"""For what is too short to be told from a word without its case."""


def _base64_cores(octets: bytes) -> Iterator[str]:
    """What base64 makes of the secret wherever it lies in what is encoded: the digits that depend on it alone."""
    for shift in range(3):
        encoded = base64.b64encode(bytes(shift) + octets).decode().rstrip("=")
        first = -(-8 * shift // 6)
        last = 8 * (shift + len(octets)) // 6
        yield encoded[first:last]


def _telling(form: bytes) -> bool:
    """Whether it is no word, name or time that happens to read alike."""
    mixed = not form.isalpha() and not form.isdigit()
    return len(form) >= (SHORTEST if mixed else SHORTEST_OF_ONE_KIND)


def _forms(text: str) -> Iterator[tuple[_Reading, bytes]]:
    """How a secret may read: as it is, in URLs and backwards, and in any case in base64 and hexadecimal digits."""
    cased = {text, text.lower(), text.upper(), text.swapcase()}
    encoded = [each.encode("utf-8", "surrogatepass") for each in cased]
    cores = {core for octets in encoded for core in _base64_cores(octets)}
    for shown in {text, quote(text, safe="", errors="surrogatepass"), *cores}:
        form = _LOOSE.of(shown)
        if _telling(form):
            yield _LOOSE, form
            yield _LOOSE, form[::-1]
        elif shown in cores:
            yield _BASE64, _BASE64.of(shown)
    for octets in encoded:
        digits = octets.hex().encode()
        yield _LOOSE, digits
        if _telling(digits):
            yield _LOOSE, digits[::-1]


class _Index:
    """Forms of one reading, by their first characters: hardly any text holds those of one."""

    def __init__(self, reading: _Reading) -> None:
        self._reading = reading
        self._forms: dict[bytes, dict[bytes, str]] = {}
        self._shortest = 0

    def add(self, form: bytes, instead: str) -> None:
        self._forms.setdefault(form[:HEAD], {}).setdefault(form, instead)
        self._shortest = min(self._shortest or len(form), len(form))

    def hidden(self, text: str) -> str:
        if not self._forms or len(text) < self._shortest:
            return text
        text = self._hidden(text, meant=False)
        return self._hidden(text, meant=True) if any(map(text.__contains__, _INTRODUCERS)) else text

    def _hidden(self, text: str, *, meant: bool) -> str:
        read = self._reading.of(text, meant=meant)
        found = list(self._found(read))
        if not found:
            return text
        spans: list[tuple[int, int]] = []
        instead: list[str] = []
        for first, last, what in found:
            if spans and first < spans[-1][1]:
                spans[-1] = (spans[-1][0], max(last, spans[-1][1]))
                instead[-1] = what if what == instead[-1] else MARK
            else:
                spans.append((first, last))
                instead.append(what)
        parts: list[str] = []
        end = 0
        for (first, last), what in zip(self._reading.places(text, spans, meant=meant), instead, strict=True):
            parts += text[end:first], what
            end = last
        return "".join(parts) + text[end:]

    def _found(self, read: bytes) -> Iterator[tuple[int, int, str]]:
        """From where to where forms stand in what was read, in order, and what is shown instead."""
        heads = self._forms
        for at in [at for at in range(len(read) - HEAD + 1) if read[at : at + HEAD] in heads]:
            for form, instead in tuple(heads[read[at : at + HEAD]].items()):
                if read.startswith(form, at):
                    yield at, at + len(form), instead


class Disguises:
    """Hides secrets in every disguise. Thread-safe."""

    def __init__(self) -> None:
        self._indexes = {reading: _Index(reading) for reading in (_LOOSE, _BASE64)}
        self._by_start: dict[bytes, dict[bytes, str]] = {}

    def add(self, secret: str, instead: str = MARK) -> None:
        """From now on ``secret`` is hidden; ``instead`` is shown where it stood, and must not read like it."""
        for reading, form in _forms(secret):
            self._indexes[reading].add(form, instead)
            if reading is _LOOSE and _telling(form):
                self._by_start.setdefault(form[:SHORTEST], {})[form] = instead

    def hidden(self, text: str) -> str:
        """``text`` without any of them. Where that brings parts of one together, it has to be asked again."""
        for index in self._indexes.values():
            text = index.hidden(text)
        return self._without_starts(text) if CUT_MARK in text else text

    def _without_starts(self, text: str) -> str:
        """``text`` without the beginnings of secrets after which it was cut off."""
        read = _LOOSE.of(text)
        starts = {read[at : at + SHORTEST] for at in range(len(read) - SHORTEST + 1)}
        likely = [pair for start in starts for pair in tuple(self._by_start.get(start, {}).items())]
        if not likely:
            return text
        *pieces, rest = text.split(CUT_MARK)
        return CUT_MARK.join([*(_without_end(piece, likely) for piece in pieces), rest])


def _without_end(text: str, likely: list[tuple[bytes, str]]) -> str:
    near = text[-LONGEST_START:]
    read = _LOOSE.of(near)
    for form, instead in likely:
        for size in range(min(len(form), len(read)), SHORTEST - 1, -1):
            if read.endswith(form[:size]):
                ((first, last),) = _LOOSE.places(near, [(len(read) - size, len(read))], meant=False)
                return text[: len(text) - len(near) + first] + instead + near[last:]
    return text
