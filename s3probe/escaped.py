"""Finds a text exactly, however its characters were escaped: as in a URL, JSON, Python, XML or a shell. Pure."""

from __future__ import annotations

import re
from functools import cached_property

_INTRODUCERS = '\\%&"+'
"""Characters with which a disguise of another one begins. A blank in a form is a plus sign."""
_SMALLEST_BLOCK = 3
"""Characters. Smaller pieces of a secret stand in every text."""


class Escaped:
    """One text, and the pattern of all its escaped forms, which is made when a text may hold one of them.

    Most texts cannot: every character of a form is either itself or begins with an introducer. So of as many blocks
    of it as there are introducers, and one more, at least one stands in the text as it is.
    """

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(sequence(self.text))

    def replaced(self, text: str, mark: str, introducers: int) -> str:
        """``text`` with ``mark`` in its place. ``introducers`` is what :func:`introducers` counts in ``text``."""
        return self._pattern.sub(mark, text) if self._may_stand(self.text, text, introducers) else text

    @staticmethod
    def _may_stand(form: str, text: str, introducers: int) -> bool:
        size = len(form) // (introducers + 1)
        if size < _SMALLEST_BLOCK:
            return len(text) >= len(form)
        return any(form[at : at + size] in text for at in range(0, len(form) - size + 1, size))


_NAMED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"}
"""As ``html.escape`` writes them, which loads the names of all characters that have one."""


def introducers(text: str) -> int:
    """How many characters of ``text`` may begin an escape."""
    return sum(map(text.count, _INTRODUCERS))


def _character(char: str) -> str:
    """A pattern for one character however it was escaped: URL, JSON, repr, XML, shell."""
    octets = char.encode("utf-8", "surrogatepass")
    code = f"{ord(char):x}"
    ways = [
        r"\\{0,8}" + re.escape(char),
        "".join(f"%(?:25){{0,3}}(?i:{octet:02x})" for octet in octets),
        rf"\\{{1,8}}(?:u\{{0*(?i:{code})\}}|[uU]0*(?i:{code})|x(?i:{code:0>2}))",
        rf"&\#(?:[xX]0*(?i:{code})|0*{ord(char)});",
    ]
    if len(octets) > 1:
        ways.append("".join(rf"\\{{1,8}}x(?i:{octet:02x})" for octet in octets))
    if char > "\uffff":
        units = char.encode("utf-16-be", "surrogatepass").hex()
        ways.append(rf"\\{{1,8}}u(?i:{units[:4]})\\{{1,8}}u(?i:{units[4:]})")
    named = _NAMED.get(char, char)
    if named != char:
        ways.append(re.escape(named))
    extra = {" ": r"\+", "'": r"'(?:\\''|\"'\"')|&apos;", "\t": r"\\{1,8}t", "\n": r"\\{1,8}n", "\r": r"\\{1,8}r"}
    if char in extra:
        ways.insert(0, extra[char])
    return "(?:" + "|".join(ways) + ")"


def sequence(text: str) -> str:
    """A pattern for the text, each of its characters escaped in any way."""
    runs = _runs(text)
    # what follows a run decides where it ends: the first one need not be longer than it is, or every place in a long
    # run of backslashes would be looked at from every place before it
    exact = len(runs) > 1
    found: list[str] = []
    for place, run in enumerate(runs):
        if run[0] == "\\":
            found.append(_backslashes(len(run), exact=exact and place == 0))
            continue
        first = _character(run[0])
        # the run before it takes the backslashes of its escape as well
        found.append(first.replace(r"\\{1,8}", r"\\{0,8}") if place else first)
        found.extend(map(_character, run[1:]))
    return "".join(found)


def _runs(text: str) -> list[str]:
    """Backslashes that follow one another, and what lies between."""
    return re.findall(r"\\+|[^\\]+", text)


def _backslashes(number: int, *, exact: bool) -> str:
    """So many, or more where they were escaped: one pattern for all, which looks at a long run of them once."""
    times = f"{{{number}}}" if exact else f"{{{number},}}"
    ways = (
        r"\\{1,8}(?:u\{0*(?i:5c)\}|[uU]0*(?i:5c)|x(?i:5c))",
        r"%(?:25){0,3}(?i:5c)",
        r"&\#(?:[xX]0*(?i:5c)|0*92);",
        r"\\",
    )
    return "(?:" + "|".join(f"(?:{way}){times}+" for way in ways) + ")"
