"""Reads what is encoded in a text: base64, base32, hexadecimal digits, lists of numbers, escapes. Pure.

What stands between the digits does not count, and neither does where they begin or in which direction they run: all
is decoded in every way there is, and of what comes out only that is looked at further which may be text.
"""

from __future__ import annotations

import binascii
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from functools import cached_property
from math import gcd
from typing import TypeVar

from s3probe.patterns import regex
from s3probe.records import dataclass

SHORTEST_TEXT = 12
"""Octets. Whatever is decoded holds shorter runs of what may be text."""

_ESCAPE = regex(
    rb"%(?:25)*+([0-9a-f]{2})"
    rb"|\\++(?:u\{0*+([0-9a-f]{1,6})\}|u(?:0000)?([0-9a-f]{4})|x([0-9a-f]{2})|([0-3][0-7]{2})|[nrt])?"
    rb"|&(?:amp;)*+(?:(?:\#x0*+([0-9a-f]{1,6})|\#0*+([0-9]{1,7})|[a-z]{2,6});)?",
    re.IGNORECASE,
)
"""One character as URL, JSON, Python, shell or XML escape it, escaped again or not. Matched in linear time."""
_INTRODUCERS = b"%\\&"
"""With which it begins."""
_BASES = (0, 16, 16, 16, 16, 8, 16, 10)
"""Of the number that each of its groups holds."""


_Made = TypeVar("_Made")


def _once(make: Callable[[], _Made]) -> Callable[[], _Made]:
    """What ``functools.cache`` makes of it, in a tenth of the time: hardly any of them is ever asked."""
    made: list[_Made] = []

    def given() -> _Made:
        if not made:
            made.append(make())
        return made[0]

    return given


@dataclass(frozen=True, slots=True)
class View:
    """What was read out of octets."""

    octets: bytes
    span: Callable[[int, int], tuple[int, int]]
    """From where to where that stands which is read from here to there."""


def unescaped(octets: bytes) -> View | None:
    """With what escapes stand for, nothing where that is not ASCII; ``None`` without any."""
    if not any(introducer in octets for introducer in _INTRODUCERS):
        return None

    @_once
    def stood() -> tuple[list[int], list[int]]:
        """Where each octet begins, and where it ends."""
        begins: list[int] = []
        ends: list[int] = []
        at = 0
        for escape in _ESCAPE.finditer(octets):
            begins.extend(range(at, escape.start()))
            ends.extend(range(at + 1, escape.start() + 1))
            at = escape.end()
            if _meant(escape):
                begins.append(escape.start())
                ends.append(at)
        begins.extend(range(at, len(octets)))
        ends.extend(range(at + 1, len(octets) + 1))
        return begins, ends

    return View(_ESCAPE.sub(_meant, octets), lambda first, last: (stood()[0][first], stood()[1][last - 1]))


def _meant(escape: re.Match[bytes]) -> bytes:
    group = escape.lastindex or 0
    code = int(escape[group], _BASES[group]) if group else 128
    return bytes([code]) if code < 128 else b""


class Sieve:
    """Some octets count, as they are or as something else."""

    def __init__(self, counts: str, table: bytes = bytes(range(256)), prefix: bytes = b"") -> None:
        """``counts`` as in a class of characters; ``table`` as ``bytes.translate`` takes it.

        ``prefix``, in lower case, does not count although it could.
        """
        self._one = f"([{counts}])".encode()
        self._table, self._prefix = table, prefix

    @cached_property
    def _others(self) -> bytes:
        return re.sub(self._one, b"", bytes(range(256)))

    @cached_property
    def _pattern(self) -> re.Pattern[bytes]:
        one, prefix = self._one, self._prefix
        return re.compile(prefix + b"|" + one if prefix else one, re.IGNORECASE if prefix else 0)

    def of(self, octets: bytes) -> bytes:
        """What counts of ``octets``."""
        if self._prefix:
            octets = octets.lower().replace(self._prefix, b"")
        return octets.translate(self._table, self._others)

    def places(self, octets: bytes) -> list[int]:
        """Where each of them stands."""
        return [found.start() for found in self._pattern.finditer(octets) if found[1]]

    def view(self, octets: bytes) -> View:
        """The same as a view."""
        stood = _once(lambda: self.places(octets))
        return View(self.of(octets), lambda first, last: (stood()[first], stood()[last - 1] + 1))


@dataclass(frozen=True, slots=True)
class _Digits:
    sieve: Sieve
    bits: int
    """In one of them."""
    value: Callable[[bytes], int]
    own: bytes = b""
    """Without any of these they are others' digits."""

    def view(self, octets: bytes, least: int) -> View | None:
        """What the digits say in either direction, wherever an octet begins, one after the other."""
        if self.own and not any(digit in octets for digit in self.own):
            return None
        digits = self.sieve.of(octets)
        number = len(digits)
        if number * self.bits < 8 * least:
            return None
        shifts = range(0, 8, gcd(8, self.bits))
        size = number * self.bits // 8 + 2
        values = self.value(digits), self.value(digits[::-1])
        parts = [(value << shift).to_bytes(size, "big") for value in values for shift in shifts]
        stood = _once(lambda: self.sieve.places(octets))

        def span(first: int, last: int) -> tuple[int, int]:
            part, at = divmod(first, size + 1)
            skipped = 8 * size - number * self.bits - shifts[part % len(shifts)]
            begin = max((8 * at - skipped) // self.bits, 0)
            end = min((8 * (at + last - first) - skipped - 1) // self.bits, number - 1)
            if part >= len(shifts):
                begin, end = number - 1 - end, number - 1 - begin
            return stood()[begin], stood()[end] + 1

        return View(b"\xff".join(parts), span)


def _base64(digits: bytes) -> int:
    padding = -len(digits) % 4
    return int.from_bytes(binascii.a2b_base64(digits + b"A" * padding), "big") >> 6 * padding


_TO_32 = bytes.maketrans(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz234567",
    b"0123456789abcdefghijklmnop0123456789abcdefghijklmnopqrstuv",
)
_DIGITS = (
    _Digits(Sieve("A-Za-z0-9+/"), 6, _base64),
    _Digits(Sieve("A-Za-z0-9_-", bytes.maketrans(b"-_", b"+/")), 6, _base64, own=b"-_"),
    _Digits(Sieve("A-Za-z2-7", _TO_32), 5, lambda digits: int(digits, 32)),
    _Digits(Sieve("0-9A-Fa-f"), 4, lambda digits: int(digits, 16)),
    # a digit 0 may stand before somebody else's x
    _Digits(Sieve("0-9A-Fa-f", prefix=b"0x"), 4, lambda digits: int(digits, 16), own=b"xX"),
)
_NUMBER = regex(rb"[0-9]+")
_NUMBERS = tuple(
    {(form % code if form else f"{code:08b}".encode()): code for code in range(256) for form in forms}
    for forms in ((b"%d", b"%03d"), (b"%o", b"%03o", b"%04o"), (b"",))
)
"""How an octet is written in lists: decimal, octal, binary."""


def _lists(octets: bytes, least: int) -> Iterator[View]:
    numbers = _NUMBER.findall(octets)
    if len(numbers) < least:
        return
    stood = _once(lambda: [number.span() for number in _NUMBER.finditer(octets)])
    for codes in _NUMBERS:
        said = bytes([codes.get(number, 255) for number in numbers])
        yield View(said, lambda first, last: (stood()[first][0], stood()[last - 1][1]))


def decoded(octets: bytes, least: int) -> Iterator[View]:
    """All that ``octets`` may be the encoded form of, where that has ``least`` octets."""
    for digits in _DIGITS:
        if view := digits.view(octets, least):
            yield view
    yield from _lists(octets, least)


_TEXT = bytes(97 if octet in b"\0\t\n\r" or 32 <= octet < 127 else 32 for octet in range(256))


def text_in(octets: bytes) -> View | None:
    """What of ``octets`` may be text, line by line: ASCII, also with the zero bytes of UTF-16. ``None`` without any."""
    shape = octets.translate(_TEXT)
    lines: list[bytes] = []
    starts: list[int] = []
    begins: list[int] = []
    length = end = 0
    while (begin := shape.find(b"a" * SHORTEST_TEXT, end)) >= 0:
        end = shape.find(b" ", begin)
        end = len(shape) if end < 0 else end
        lines.append(octets[begin:end])
        starts.append(length)
        begins.append(begin)
        length += end - begin + 1

    def span(first: int, last: int) -> tuple[int, int]:
        one, other = bisect_right(starts, first) - 1, bisect_right(starts, last - 1) - 1
        return begins[one] + first - starts[one], begins[other] + last - starts[other]

    return View(b"\n".join(lines), span) if lines else None
