"""Takes secrets, signatures and terminal tricks out of everything that is printed or written.

The scrubber knows no context. It is the last gate before a stream or a file, for results, progress and tracebacks.
"""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from s3probe.secret import Secret

MARK = "***"
"""Stands where a secret stood. Shorter than any form that is looked for, so replacing comes to an end."""

SHORTEST = 4
"""Characters. A shorter secret is no secret; hiding it everywhere would destroy the output (think of ``a``)."""

SHORTEST_START = 8
"""Characters of a secret that are hidden where a text was cut off after them."""

SHORTEST_SIGNATURE = 20
"""Characters. Signature V4 has 64, the old one 28."""

GRAM = 8
"""Characters of the pieces by which signatures are first looked for."""

LONGEST_SETTLED = 512
"""Characters of a text of which is remembered that nothing had to be hidden in it."""
MOST_SETTLED = 2048

PIECE = 64
LONGEST_WHOLE = 512
"""Characters. A pattern for more takes half a second to make."""
LONGEST = 16 * 1024
"""Characters. What follows them is no credential; it is hidden as it stands, with what comes before it."""

_CONTROLS = re.compile(
    # C0 but tab and line feed, DEL, C1, zero width, bidi marks, embeddings, overrides and isolates, byte order mark
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]"
)
_ESCAPE_SEQUENCE = re.compile(
    "\x1b(?:\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b]*(?:\x07|\x1b\\\\)?|[PX^_][^\x1b]*(?:\x1b\\\\)?|[ -/]*[0-~])"
)
_VALUE = r"[^\s&\"'<>,;)\]\\]+"
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(
            r"(x-amz-(?:signature|security-token|credential)|(?<![a-z])signature|awsaccesskeyid|"
            r"(?:aws|amazon)_(?:secret_access_key|secret_key|session_token)(?==['\"]?[A-Za-z0-9/+]{20}))"
            r"(=|%3d|\\?[\"']?\s*:\s*\\?[\"']?)" + _VALUE,
            re.IGNORECASE,
        ),
        rf"\1\2{MARK}",
    ),
    (re.compile(r"(<(?:Signature|Security|Session)\w*>)[^<]+", re.IGNORECASE), rf"\1{MARK}"),
    (
        re.compile(r"((?<![\w-])(?:proxy-)?authorization\\?[\"']?\s*[:=]\s*\\?[\"']?)[^\"'\r\n\\]+", re.IGNORECASE),
        rf"\1{MARK}",
    ),
    (re.compile(r"\b(AWS4-HMAC-SHA256 Credential=)[^\"'\r\n\\]+"), rf"\1{MARK}"),
    # user and password in a URL, as http_proxy or S3_ENDPOINT may hold them
    (re.compile(r"(?<![a-z0-9])([a-z][a-z0-9+.-]{1,15}://)[^/\s@\"'<>]+@", re.IGNORECASE), rf"\1{MARK}@"),
)
_TELLING = re.compile(r"signature|x-amz-|awsaccesskeyid|(?:aws|amazon)_se|<se|authorization|credential=|@")
"""In lower case. Without any of it, none of the patterns above matches."""
_NAMED = r"((?<!\w)(?=\w*?(?:secret|token|password|key))\w++\\?[\"']?\s*[=:]\s*\\?[\"']?)"
_NAMING = re.compile("secret|token|password|key")
_SMALLEST_BLOCK = 3
"""Characters. Smaller pieces of a secret stand in every text."""
_FROM_URLSAFE = str.maketrans("-_", "+/")
CUT_MARK = "…"
"""Stands where a text was cut off (``probe.text``)."""


def without_controls(text: str) -> str:
    """``text`` without escape sequences, control characters (tab and line feed stay) and bidi overrides."""
    if text.isascii() and text.isprintable():
        return text
    return _CONTROLS.sub("", _ESCAPE_SEQUENCE.sub("", text))


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
    named = html.escape(char)
    if named != char:
        ways.append(re.escape(named))
    extra = {" ": r"\+", "'": r"'(?:\\''|\"'\"')|&apos;", "\t": r"\\{1,8}t", "\n": r"\\{1,8}n", "\r": r"\\{1,8}r"}
    if char in extra:
        ways.insert(0, extra[char])
    return "(?:" + "|".join(ways) + ")"


def _sequence(text: str) -> str:
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


def _base64_cores(octets: bytes) -> Iterable[str]:
    """What base64 makes of the secret wherever it lies in what is encoded: the digits that depend on it alone."""
    for shift in range(3):
        encoded = base64.b64encode(bytes(shift) + octets).decode().rstrip("=")
        first = -(-8 * shift // 6)
        last = 8 * (shift + len(octets)) // 6
        yield encoded[first:last]


def _base64_pattern(core: str) -> str:
    digits = {"+": f"(?:{_character('+')}|-)", "/": f"(?:{_character('/')}|_)"}
    # encoders break lines after 60 to 76 digits; the break may be escaped
    return r"(?:\s|\\[nr])*".join(digits.get(digit, digit) for digit in core)


class _Looked:
    """A text in which secrets are looked for, and what is counted of it once for all of them."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def introducers(self) -> int:
        """Characters with which a disguise of another one begins. A blank in a form is a plus sign."""
        return sum(map(self.text.count, '\\%&"+'))

    @cached_property
    def squeezed(self) -> str:
        """Without white space, in base64's usual alphabet."""
        return "".join(self.text.split()).translate(_FROM_URLSAFE)

    @cached_property
    def digits(self) -> str:
        """As hexadecimal digits may stand in it."""
        return self.squeezed.replace(":", "").lower()


class _Sought:
    """One secret, and the patterns of all its forms, which are made when a text may hold one of them.

    Most texts cannot: every character of a form is either itself or begins with an introducer. So of as many blocks
    of the secret as there are introducers, and one more, at least one stands in the text as it is.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._octets = text.encode("utf-8", "surrogatepass")
        self._hex = self._octets.hex()

    @cached_property
    def _cores(self) -> tuple[str, ...]:
        return tuple(_base64_cores(self._octets))

    @property
    def forms(self) -> tuple[str, ...]:
        """How it may stand in a text: as it is, in base64, in hexadecimal digits."""
        return (self.text, *self._cores, self._hex)

    @cached_property
    def _plain(self) -> re.Pattern[str]:
        return re.compile(_sequence(self.text))

    @cached_property
    def _in_hex(self) -> re.Pattern[str]:
        return re.compile(r"[:\s]?".join(f"(?i:{octet:02x})" for octet in self._octets))

    @cached_property
    def _in_base64(self) -> tuple[re.Pattern[str], ...]:
        return tuple(re.compile(_base64_pattern(core)) for core in self._cores)

    def hidden(self, looked: _Looked, text: str) -> str:
        """``text`` without it; ``looked`` is the text before other secrets were hidden."""
        if len(looked.text) >= len(self.text):
            if self._may_stand(self.text, looked.text, looked.introducers):
                text = self._plain.sub(MARK, text)
            if self._hex in looked.digits:
                text = self._in_hex.sub(MARK, text)
            for place, core in enumerate(self._cores):
                if self._may_stand(core, looked.squeezed, looked.introducers):
                    text = self._in_base64[place].sub(MARK, text)
        return _without_start(text, self.text) if CUT_MARK in text else text

    @staticmethod
    def _may_stand(form: str, text: str, introducers: int) -> bool:
        size = len(form) // (introducers + 1)
        if size < _SMALLEST_BLOCK:
            return True
        return any(form[at : at + size] in text for at in range(0, len(form) - size + 1, size))


class _Signatures:
    """What a run signed with: some dozens of texts, of which hardly any answer holds one. Thread-safe."""

    def __init__(self) -> None:
        self._known: dict[str, _Sought] = {}
        self._grams: set[str] = set()
        self._shortest = 0

    def add(self, signature: str) -> None:
        sought = _Sought(signature)
        for form in sought.forms:
            self._grams.update(form[at : at + GRAM] for at in range(len(form) - GRAM + 1))
        self._shortest = min(self._shortest or len(signature), len(signature))
        self._known[signature] = sought

    def perhaps_in(self, looked: _Looked) -> tuple[_Sought, ...]:
        """Those that are looked for in this text: all, or none where not a piece of any stands in it.

        As with blocks: between a few introducers, twice as much as a piece stands there as it is. In that lies a piece
        that begins at a place that is looked at.
        """
        if not self._known or len(looked.squeezed) < self._shortest:
            return ()
        if looked.introducers >= self._shortest // (2 * GRAM) or self._piece_in(looked.squeezed):
            return tuple(self._known.values())
        in_digits = len(looked.digits) >= 2 * self._shortest and self._piece_in(looked.digits)
        return tuple(self._known.values()) if in_digits else ()

    def _piece_in(self, text: str) -> bool:
        grams = self._grams
        return any(text[at : at + GRAM] in grams for at in range(0, len(text) - GRAM + 1, GRAM))


def _without_start(text: str, secret: str) -> str:
    """``text`` without the beginnings of a secret after which it was cut off."""
    at = text.find(CUT_MARK) if secret[:SHORTEST_START] in text else -1
    while at >= 0:
        most = min(len(secret), at)
        length = next((n for n in range(most, SHORTEST_START - 1, -1) if text.endswith(secret[:n], 0, at)), 0)
        if length:
            text = f"{text[: at - length]}{MARK}{text[at:]}"
            at += len(MARK) - length
        at = text.find(CUT_MARK, at + 1)
    return text


def _variants(text: str) -> set[str]:
    """The secret as it was given, and as trimming, control removal or line breaking would leave it."""
    shown = without_controls(text)
    lines = {line for line in shown.splitlines() if len(line) >= 2 * SHORTEST}
    return {text, text.strip(), shown, shown.strip()} | lines


def _pieces(text: str) -> Iterator[str]:
    """What is looked for of a long secret: its pieces, as answers are cut; the whole where that is not too long."""
    if len(text) <= 2 * PIECE:
        yield text
        return
    if len(text) <= LONGEST_WHOLE:
        yield text
    for at in range(0, min(len(text), LONGEST), PIECE):
        piece = text[at : at + PIECE]
        yield piece if len(piece) >= PIECE // 4 else text[-PIECE:]


class Scrubber:
    """Removes every form of the given secrets from a text, and what looks like a signature. Thread-safe.

    ``shortened`` maps whole texts (access key ids) to what may be shown of them.
    """

    def __init__(self, secrets: Iterable[Secret], shortened: Mapping[str, str] | None = None) -> None:
        variants = {variant for secret in secrets for variant in _variants(secret.reveal())}
        long = {piece for variant in variants if len(variant) >= SHORTEST for piece in _pieces(variant)}
        # the longest first: a secret that contains another one must go as a whole
        self._sought = [_Sought(text) for text in sorted(long, key=lambda v: (-len(v), v))]
        self._signatures = _Signatures()
        self._settled: set[str] = set()
        short = sorted(v for v in variants if 0 < len(v) < SHORTEST)
        # only where it stands as the value of something that is named a secret
        self._named = [re.compile(_NAMED + _sequence(v) + r"(?![\w/+])", re.IGNORECASE) for v in short]
        brief = {full: brief for full, brief in (shortened or {}).items() if len(full) >= 3 * SHORTEST}
        self._shortened = {variant: MARK for variant in variants if len(variant) > LONGEST} | brief

    def learn_signature(self, signature: str) -> None:
        """From now on this signature is a secret. Whoever answers may repeat it without saying what it is."""
        if len(signature) >= SHORTEST_SIGNATURE:
            for text in (signature, signature.upper()):
                self._signatures.add(text)

    def clean(self, text: str) -> str:
        """``text`` without secrets, signatures and control characters. Cleaning twice changes nothing more."""
        return self.hide(without_controls(text))

    def hide(self, text: str) -> str:
        """``text`` without secrets and signatures; control characters stay (a terminal's own colours)."""
        while True:
            before = text
            if text in self._settled:
                text = self._without_signatures(text, _Looked(text))
                if text == before:
                    return text
            for full, brief in self._shortened.items():
                text = text.replace(full, brief)
            text = self.hide_known(text)
            folded = (
                text.casefold()
            )  # as the patterns compare: there are two letters beyond ASCII that count as s and k
            if self._named and _NAMING.search(folded):
                for pattern in self._named:
                    text = pattern.sub(rf"\g<1>{MARK}", text)
            if _TELLING.search(folded):
                for pattern, replacement in _PATTERNS:
                    text = pattern.sub(replacement, text)
            if text == before:
                if len(text) <= LONGEST_SETTLED and len(self._settled) < MOST_SETTLED:
                    self._settled.add(text)
                return text

    def hide_known(self, text: str) -> str:
        """``text`` without what is known to be secret. Whatever else may look like a signature stays."""
        looked = _Looked(text)
        for sought in self._sought:
            text = sought.hidden(looked, text)
        return self._without_signatures(text, looked)

    def _without_signatures(self, text: str, looked: _Looked) -> str:
        for sought in self._signatures.perhaps_in(looked):
            text = sought.hidden(looked, text)
        return text
