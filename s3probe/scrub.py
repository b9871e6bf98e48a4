"""Takes secrets, signatures and terminal tricks out of everything that is printed or written.

The scrubber knows no context. It is the last gate before a stream or a file, for results, progress and tracebacks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from s3probe.disguise import CUT_MARK, MARK, Disguises
from s3probe.escaped import Escaped, introducers, sequence
from s3probe.patterns import regex
from s3probe.secret import Secret

SHORTEST = 4
"""Characters. A shorter secret is no secret; hiding it everywhere would destroy the output (think of ``a``)."""

SHORTEST_START = 8
"""Characters of a secret that are hidden where a text was cut off after them."""

SHORTEST_SIGNATURE = 20
"""Characters. Signature V4 has 64, the old one 28."""

MOST_ROUNDS = 8
"""Times that a text is looked through. Where something comes up even then, it was put in itself again and again."""

LONGEST_SETTLED = 512
"""Characters of a text of which is remembered that nothing had to be hidden in it."""
MOST_SETTLED = 2048

PIECE = 64
LONGEST_WHOLE = 512
"""Characters. A pattern for more takes half a second to make."""
LONGEST = 16 * 1024
"""Characters. What follows them is no credential; it is hidden as it stands, with what comes before it."""

_CONTROLS = regex(
    # C0 but tab and line feed, DEL, C1, zero width, bidi marks, embeddings, overrides and isolates, byte order mark
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]"
)
_ESCAPE_SEQUENCE = regex(
    "\x1b(?:\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b]*(?:\x07|\x1b\\\\)?|[PX^_][^\x1b]*(?:\x1b\\\\)?|[ -/]*[0-~])"
)
_VALUE = r"[^\s&\"'<>,;)\]\\]+"
PAIR_IN_URL = regex(r"(?<![a-z0-9])([a-z][a-z0-9+.-]{1,15}://)[^/\s@\"'<>]+@", re.IGNORECASE)
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        regex(
            r"(x-amz-(?:signature|security-token|credential)|(?<![a-z])signature|awsaccesskeyid|"
            r"(?:aws|amazon)_(?:secret_access_key|secret_key|session_token)(?==['\"]?[A-Za-z0-9/+]{20}))"
            r"(=|%3d|\\?[\"']?\s*:\s*\\?[\"']?)" + _VALUE,
            re.IGNORECASE,
        ),
        rf"\1\2{MARK}",
    ),
    (regex(r"(<(?:Signature|Security|Session)\w*>)[^<]+", re.IGNORECASE), rf"\1{MARK}"),
    (
        regex(r"((?<![\w-])(?:proxy-)?authorization\\?[\"']?\s*[:=]\s*\\?[\"']?)[^\"'\r\n\\]+", re.IGNORECASE),
        rf"\1{MARK}",
    ),
    (regex(r"\b(AWS4-HMAC-SHA256 Credential=)[^\"'\r\n\\]+"), rf"\1{MARK}"),
    # user and password in a URL, as http_proxy or S3_ENDPOINT may hold them
    (PAIR_IN_URL, rf"\1{MARK}@"),
)
_TELLING = regex(r"signature|x-amz-|awsaccesskeyid|(?:aws|amazon)_se|<se|authorization|credential=|@")
"""In lower case. Without any of it, none of the patterns above matches."""
_NAMED = r"((?<!\w)(?=\w*?(?:secret|token|password|key))\w++\\?[\"']?\s*[=:]\s*\\?[\"']?)"
_NAMING = regex("secret|token|password|key")


def without_controls(text: str) -> str:
    """``text`` without escape sequences, control characters (tab and line feed stay) and bidi overrides."""
    if text.isascii() and text.isprintable():
        return text
    return _CONTROLS.sub("", _ESCAPE_SEQUENCE.sub("", text))


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
        self._sought = [Escaped(text) for text in sorted(long, key=lambda v: (-len(v), v))]
        self._disguises = Disguises()
        for sought in self._sought:
            self._disguises.add(sought.text)
        self._learnt = 0
        self._settled: dict[str, int] = {}
        """Texts in which nothing had to be hidden, and how many signatures were known then."""
        short = sorted(v for v in variants if 0 < len(v) < SHORTEST)
        # only where it stands as the value of something that is named a secret
        self._named = [re.compile(_NAMED + sequence(v) + r"(?![\w/+])", re.IGNORECASE) for v in short]
        brief = {full: brief for full, brief in (shortened or {}).items() if len(full) >= 3 * SHORTEST}
        for full, shown in brief.items():
            if shown != full:  # of a replay, nothing is left to shorten
                self._disguises.add(full, shown)
        self._shortened = {variant: MARK for variant in variants if len(variant) > LONGEST} | brief

    def learn_signature(self, signature: str) -> None:
        """From now on this signature is a secret. Whoever answers may repeat it without saying what it is."""
        if len(signature) >= SHORTEST_SIGNATURE:
            self._disguises.add(signature)
            self._learnt += 1

    def clean(self, text: str) -> str:
        """``text`` without secrets, signatures and control characters. Cleaning twice changes nothing more."""
        return self.hide(without_controls(text))

    def hide(self, text: str) -> str:
        """``text`` without secrets and signatures; control characters stay (a terminal's own colours)."""
        for _ in range(MOST_ROUNDS):
            before, learnt = text, self._learnt
            if self._settled.get(text) == learnt:
                return text
            for full, brief in self._shortened.items():
                text = text.replace(full, brief)
            text = self.hide_known(text)
            # as the patterns compare: there are two letters beyond ASCII that count as s and k
            folded = text.casefold()
            if self._named and _NAMING.search(folded):
                for pattern in self._named:
                    text = pattern.sub(rf"\g<1>{MARK}", text)
            if _TELLING.search(folded):
                for pattern, replacement in _PATTERNS:
                    text = pattern.sub(replacement, text)
            if text == before:
                if len(text) <= LONGEST_SETTLED and len(self._settled) < MOST_SETTLED:
                    self._settled[text] = learnt
                return text
        return MARK

    def hide_known(self, text: str) -> str:
        """``text`` without what is known to be secret. Whatever else may look like a signature stays."""
        count = introducers(text)
        for sought in self._sought:
            text = sought.replaced(text, MARK, count)
        text = self._disguises.hidden(text)
        for sought in self._sought if CUT_MARK in text else ():
            text = _without_start(text, sought.text)
        return text
