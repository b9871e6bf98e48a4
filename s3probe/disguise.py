"""Finds secrets where little of a text counts: not the case, and not what stands between letters and digits.

Whoever lowers a secret's letters, or puts a blank, a dash or nothing for its other characters, has said it all the
same. So texts and secrets are compared as they read when only letters and digits count. Whoever encodes it has said it
as well, once or again and again: so all is looked at, too, that a text may be the encoded form of (``encodings``).
"""

from __future__ import annotations

import base64
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TypeVar
from urllib.parse import quote

from s3probe.encodings import Sieve, View, decoded, text_in, unescaped

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

LONGEST_START = 512
"""Characters before a cut in which the beginning of a secret is looked for."""

DEEPEST = 3
"""Encodings within one another that are undone."""
MOST_DECODED = 4
"""Of a text, in times its length: one that may be the encoded form of more is hidden as a whole."""
_FLOOR = 4096
"""Octets that are decoded of the shortest text."""
_COST = 64
"""Octets: what it takes to look at all."""

_LOOSE = Sieve("A-Za-z0-9", bytes(range(256)).lower())

LONGEST_BARE = 512
"""Characters of a text of which is remembered that it is the encoded form of no text."""
MOST_BARE = 2048
_BARE: set[bytes] = set()
"""Texts that are the encoded form of none in which there is room for a telling secret, whichever it is."""
_NO_ZEROS = Sieve("^\x00")

Found = tuple[int, int, str]
"""From where to where a secret stands, and what is shown instead."""


def _plain(text: str) -> bytes:
    """One octet for each character: itself where it is ASCII or a variant of that, as full-width letters are."""
    if not text.isascii():
        variants = ((char, unicodedata.normalize("NFKC", char)) for char in set(text) if char > "\x7f")
        text = text.translate({ord(char): one if len(one) == 1 else "?" for char, one in variants})
    return text.encode("ascii", "replace")


def _read(text: str) -> bytes:
    """What counts of a secret. No variants: nobody finds them in what is encoded."""
    return _LOOSE.of(text.encode("ascii", "ignore"))


def _telling(form: bytes) -> bool:
    """Whether it is no word, name or time that happens to read alike."""
    mixed = not form.isalpha() and not form.isdigit()
    return len(form) >= (SHORTEST if mixed else SHORTEST_OF_ONE_KIND)


def _base64_cores(octets: bytes) -> Iterator[str]:
    """What base64 makes of the secret wherever it lies in what is encoded: the digits that depend on it alone."""
    for shift in range(3):
        encoded = base64.b64encode(bytes(shift) + octets).decode()
        yield encoded[-(-8 * shift // 6) : 8 * (shift + len(octets)) // 6]


def _forms(text: str) -> Iterator[bytes]:
    """How a secret may read as it is, and in URLs and base64 whose letters have lost their case; and backwards."""
    cores = _base64_cores(text.encode("utf-8", "surrogatepass"))
    for shown in {text, quote(text, safe="", errors="surrogatepass"), *cores}:
        form = _read(shown)
        if _telling(form):
            yield form
            yield form[::-1]


class Disguises:
    """Hides secrets in every disguise. Thread-safe."""

    def __init__(self) -> None:
        self._by_start: dict[bytes, dict[bytes, str]] = {}
        """Forms by their first characters: hardly any text holds those of one."""
        self._encoded: dict[bytes, dict[tuple[bytes, bool], str]] = {}
        """What is looked for in what was decoded: either end of a secret, and whether it is the last one."""
        self._exact: dict[bytes, str] = {}
        """The same of secrets that are no telling forms, or are not ASCII."""
        self._least = SHORTEST
        self._bare = _BARE
        """Texts that are no other's encoded form, so that no signature that comes later is encoded in them."""

    def add(self, secret: str, instead: str = MARK) -> None:
        """From now on ``secret`` is hidden; ``instead`` is shown where it stood, and must not read like it."""
        for form in _forms(secret):
            self._by_start.setdefault(form[:SHORTEST], {})[form] = instead
        own = _read(secret)
        if _telling(own):
            for form in (own, own[::-1]):
                self._encoded.setdefault(form[:SHORTEST], {})[form, False] = instead
                self._encoded.setdefault(form[-SHORTEST:], {})[form, True] = instead
        if not (_telling(own) and secret.isascii()):
            self._bare = set()  # it needs less room
            for text in (secret, secret[::-1]):
                for codec in ("utf-8", "utf-16-le"):
                    octets = text.encode(codec, "surrogatepass")
                    self._exact[octets] = instead
                    self._least = min(self._least, len(octets))

    def hidden(self, text: str) -> str:
        """``text`` without any of them. Where that brings parts of one together, it has to be asked again."""
        found = sorted(self._found(_plain(text)))
        if found:
            text = _without(text, found)
        return self._without_starts(text) if CUT_MARK in text else text

    def _found(self, octets: bytes) -> Iterator[Found]:
        if len(octets) < self._least or not (self._by_start or self._exact):
            return
        views = [*_readings(octets)]
        for view in views:
            loose = _LOOSE.view(view.octets)
            for at, forms in _known(loose.octets, self._by_start):
                for form, instead in tuple(forms.items()):
                    if loose.octets.startswith(form, at):
                        yield *view.span(*loose.span(at, at + len(form))), instead
        if octets not in self._bare:
            yield from self._encoded_in(octets, views)

    def _encoded_in(self, octets: bytes, views: Iterable[View]) -> list[Found]:
        most = MOST_DECODED * len(octets) + _FLOOR
        left = [most]
        found = [
            (*view.span(first, last), instead)
            for view in views
            for first, last, instead in self._within(view.octets, DEEPEST, left)
        ]
        if left[0] < 0:
            return [(0, len(octets), MARK)]
        if not found and left[0] == most and len(octets) <= LONGEST_BARE and len(self._bare) < MOST_BARE:
            self._bare.add(octets)
        return found

    def _within(self, octets: bytes, depth: int, left: list[int]) -> Iterator[Found]:
        """In all that ``octets`` may be the encoded form of."""
        for view in decoded(octets, self._least):
            for first, last, instead in self._as_it_is(view.octets):
                yield *view.span(first, last), instead
            if text := text_in(view.octets):
                for first, last, instead in self._decoded(text.octets, depth - 1, left):
                    yield *view.span(*text.span(first, last)), instead

    def _decoded(self, octets: bytes, depth: int, left: list[int]) -> Iterator[Found]:
        for view in _readings(octets):
            loose = _LOOSE.view(view.octets)
            if len(loose.octets) < self._least:
                continue
            left[0] -= len(loose.octets) + _COST
            if left[0] < 0:
                return
            deeper = self._within(view.octets, depth, left) if depth else ()
            for first, last, instead in chain(self._ends(loose), self._as_it_is(view.octets), deeper):
                yield *view.span(first, last), instead

    def _ends(self, loose: View) -> Iterator[Found]:
        """Secrets, and what is left of one after a cut."""
        read = loose.octets
        for at, ends in _known(read, self._encoded):
            for (form, is_last), instead in tuple(ends.items()):
                first, last = at, at + SHORTEST
                if is_last:
                    while first and last - first < len(form) and read[first - 1] == form[first - last - 1]:
                        first -= 1
                else:
                    while last < len(read) and last - first < len(form) and read[last] == form[last - first]:
                        last += 1
                yield *loose.span(first, last), instead

    def _as_it_is(self, octets: bytes) -> Iterator[Found]:
        for exact, instead in tuple(self._exact.items()):
            at = octets.find(exact)
            while at >= 0:
                yield at, at + len(exact), instead
                at = octets.find(exact, at + len(exact))

    def _without_starts(self, text: str) -> str:
        """``text`` without the beginnings of secrets after which it was cut off."""
        likely = [pair for _at, forms in _known(_read(text), self._by_start) for pair in tuple(forms.items())]
        if not likely:
            return text
        *pieces, rest = text.split(CUT_MARK)
        return CUT_MARK.join([*(_without_end(piece, likely) for piece in pieces), rest])


_Value = TypeVar("_Value")


def _known(read: bytes, starts: dict[bytes, _Value]) -> Iterator[tuple[int, _Value]]:
    """Where one of these stands, in order."""
    for at in [at for at in range(len(read) - SHORTEST + 1) if read[at : at + SHORTEST] in starts]:
        yield at, starts[read[at : at + SHORTEST]]


def _readings(octets: bytes) -> Iterator[View]:
    """As they stand but for zero bytes, which UTF-16 has between letters; and with what their escapes stand for."""
    plain = _NO_ZEROS.view(octets) if 0 in octets else View(octets, lambda first, last: (first, last))
    yield plain
    if meant := unescaped(plain.octets):
        yield View(meant.octets, lambda first, last: plain.span(*meant.span(first, last)))


def _without(text: str, found: list[Found]) -> str:
    """``text`` with what is shown instead of each; where some overlap, of all of them."""
    merged = [found[0]]
    for first, last, instead in found[1:]:
        before = merged[-1]
        if first < before[1]:
            merged[-1] = (before[0], max(last, before[1]), instead if instead == before[2] else MARK)
        else:
            merged.append((first, last, instead))
    parts: list[str] = []
    end = 0
    for first, last, instead in merged:
        parts += text[end:first], instead
        end = last
    return "".join(parts) + text[end:]


def _without_end(text: str, likely: list[tuple[bytes, str]]) -> str:
    near = text[-LONGEST_START:]
    loose = _LOOSE.view(_plain(near))
    for form, instead in likely:
        for size in range(min(len(form), len(loose.octets)), SHORTEST - 1, -1):
            if loose.octets.endswith(form[:size]):
                first, last = loose.span(len(loose.octets) - size, len(loose.octets))
                return text[: len(text) - len(near) + first] + instead + near[last:]
    return text
