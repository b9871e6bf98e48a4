"""Takes secrets, signatures and terminal tricks out of everything that is printed or written.

The scrubber knows no context. It is the last gate before a stream or a file, for results, progress and tracebacks.
"""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterable, Mapping

from s3probe.secret import Secret

MARK = "***"
"""Stands where a secret stood. Shorter than any form that is looked for, so replacing comes to an end."""

SHORTEST = 4
"""Characters. A shorter secret is no secret; hiding it everywhere would destroy the output (think of ``a``)."""

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
_NAMED = r"((?:secret|token|password|key)\w*\\?[\"']?\s*[=:]\s*\\?[\"']?)"


def without_controls(text: str) -> str:
    """``text`` without escape sequences, control characters (tab and line feed stay) and bidi overrides."""
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
    return "".join(_backslashes(len(run)) if run[0] == "\\" else "".join(map(_character, run)) for run in _runs(text))


def _runs(text: str) -> list[str]:
    """Backslashes that follow one another, and what lies between."""
    return re.findall(r"\\+|[^\\]+", text)


def _backslashes(number: int) -> str:
    """So many, or more where they were escaped: one pattern for all, which looks at a long run of them once."""
    ways = (
        r"\\{1,8}(?:u\{0*(?i:5c)\}|[uU]0*(?i:5c)|x(?i:5c))",
        r"%(?:25){0,3}(?i:5c)",
        r"&\#(?:[xX]0*(?i:5c)|0*92);",
        r"\\",
    )
    return "(?:" + "|".join(f"(?:{way}){{{number},}}+" for way in ways) + ")"


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


def _forms(text: str) -> Iterable[str]:
    """Patterns of every form of one secret."""
    octets = text.encode("utf-8", "surrogatepass")
    yield _sequence(text)
    yield r"[:\s]?".join(f"(?i:{octet:02x})" for octet in octets)
    for core in _base64_cores(octets):
        yield _base64_pattern(core)


def _variants(text: str) -> set[str]:
    """The secret as it was given, and as trimming, control removal or line breaking would leave it."""
    shown = without_controls(text)
    lines = {line for line in shown.splitlines() if len(line) >= 2 * SHORTEST}
    return {text, text.strip(), shown, shown.strip()} | lines


class Scrubber:
    """Removes every form of the given secrets from a text, and what looks like a signature.

    ``shortened`` maps whole texts (access key ids) to what may be shown of them.
    """

    def __init__(self, secrets: Iterable[Secret], shortened: Mapping[str, str] | None = None) -> None:
        variants = {variant for secret in secrets for variant in _variants(secret.reveal())}
        # the longest first: a secret that contains another one must go as a whole
        long = sorted((v for v in variants if len(v) >= SHORTEST), key=lambda v: (-len(v), v))
        short = sorted(v for v in variants if 0 < len(v) < SHORTEST)
        self._secrets = [re.compile(form) for variant in long for form in _forms(variant)]
        # only where it stands as the value of something that is named a secret
        self._named = [re.compile(_NAMED + _sequence(v) + r"(?![\w/+])", re.IGNORECASE) for v in short]
        self._shortened = {full: brief for full, brief in (shortened or {}).items() if len(full) >= 3 * SHORTEST}

    def clean(self, text: str) -> str:
        """``text`` without secrets, signatures and control characters. Cleaning twice changes nothing more."""
        return self.hide(without_controls(text))

    def hide(self, text: str) -> str:
        """``text`` without secrets and signatures; control characters stay (a terminal's own colours)."""
        while True:
            before = text
            for pattern in self._secrets:
                text = pattern.sub(MARK, text)
            for pattern in self._named:
                text = pattern.sub(rf"\g<1>{MARK}", text)
            for full, brief in self._shortened.items():
                text = text.replace(full, brief)
            for pattern, replacement in _PATTERNS:
                text = pattern.sub(replacement, text)
            if text == before:
                return text
