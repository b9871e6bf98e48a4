"""How Ruby reads an address: ``URI.parse`` (RFC 3986) and Addressable, which decide whether Mastodon starts."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from s3probe.settings.ruby import inspect

_PCHAR = r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})"
_URI = re.compile(
    rf"""
    (?:(?P<scheme>[A-Za-z][A-Za-z0-9+\-.]*):)?
    (?://
      (?:(?P<userinfo>(?:[A-Za-z0-9\-._~!$&'()*+,;=:]|%[0-9A-Fa-f]{{2}})*)@)?
      (?P<host>\[[0-9A-Za-z:.]+\]|(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{{2}})*)
      (?::(?P<port>[0-9]*))?
      (?=/|\?|\#|\Z)
    )?
    (?P<path>(?:/|{_PCHAR})*)
    (?:\?(?P<query>(?:{_PCHAR}|[/?])*))?
    (?:\#(?P<fragment>(?:{_PCHAR}|[/?])*))?
    """,
    re.VERBOSE,
)
_DEFAULT_PORTS = {"http": "80", "https": "443", "ftp": "21"}
_ADDRESSABLE = re.compile(r"(?:([^:/?#]+):)?(?://([^/?#]*))?([^?#]*)(\?[^#]*)?(#.*)?", re.DOTALL)
_BAD_HOST = re.compile(r'[<>{}/\\?#@"\s]')


class UriError(Exception):
    """The message of Ruby's ``URI::InvalidURIError`` or Addressable's."""


@dataclass(frozen=True, slots=True)
class RubyUri:
    """A parsed address. ``str()`` gives it back as Ruby's ``to_s`` does: scheme in lower case, default port dropped."""

    scheme: str | None
    host: str
    port: str | None
    path: str
    query: str | None = None
    fragment: str | None = None
    userinfo: str | None = None
    has_authority: bool = True

    @property
    def authority(self) -> str:
        """Host, and the port when it is not the scheme's own."""
        return self.host if self.port is None else f"{self.host}:{self.port}"

    def __str__(self) -> str:
        text = f"{self.scheme}:" if self.scheme else ""
        if self.has_authority:
            user = f"{self.userinfo}@" if self.userinfo is not None else ""
            text += f"//{user}{self.authority}"
        text += self.path
        text += "" if self.query is None else f"?{self.query}"
        return text + ("" if self.fragment is None else f"#{self.fragment}")


def parse_uri(text: str) -> RubyUri:
    """Ruby's ``URI.parse``. Raises :class:`UriError` with its message."""
    if not text.isascii():
        raise UriError(f"URI must be ascii only {_dump(text)}")
    match = _URI.fullmatch(text)
    if match is None or (match["host"] is None and match["scheme"] is None and ":" in text.split("/")[0]):
        raise UriError(f"bad URI(is not URI?): {inspect(text)}")
    scheme = match["scheme"].lower() if match["scheme"] else None
    port = match["port"].lstrip("0") or ("0" if match["port"] else None) if match["port"] is not None else None
    if port == _DEFAULT_PORTS.get(scheme or ""):
        port = None
    return RubyUri(
        scheme,
        match["host"] or "",
        port,
        match["path"],
        match["query"],
        match["fragment"],
        match["userinfo"],
        has_authority=match["host"] is not None,
    )


def join_absolute(base: str, source: str) -> str:
    """Ruby's ``URI.join(base, source)`` for a source that is absolute or starts with ``//`` or ``/``."""
    uri = parse_uri(source)
    if uri.scheme is not None:
        return str(uri)
    start = parse_uri(base)
    if uri.has_authority:
        port = None if uri.port == _DEFAULT_PORTS.get(start.scheme or "") else uri.port
        return str(replace(uri, scheme=start.scheme, port=port))
    path = uri.path if uri.path.startswith("/") else start.path.rpartition("/")[0] + "/" + uri.path
    return str(replace(start, path=path, query=uri.query, fragment=uri.fragment))


def _dump(text: str) -> str:
    shown = inspect(text)
    return "".join(
        c if c.isascii() else f"\\u{ord(c):04X}" if ord(c) < 0x10000 else f"\\u{{{ord(c):X}}}" for c in shown
    )


def authority_of(url: str) -> str:
    """Host and port of any text that looks like an address, ``""`` when it names none. Never raises."""
    match = _ADDRESSABLE.fullmatch(url)
    return (match[2] or "").rpartition("@")[2] if match else ""


def addressable_directory(text: str) -> str:
    """``Addressable::URI.parse(text)`` with ``/`` added to a path that does not end in one, as text.

    Raises :class:`UriError` with Addressable's message.
    """
    match = _ADDRESSABLE.fullmatch(text)
    assert match is not None  # the pattern takes every text
    scheme, authority, path, query, fragment = match.groups()
    if authority is None:
        return text
    user, host, port = _split_authority(authority)
    if port and not port.isdecimal():
        raise UriError(f"Invalid port number: {inspect(port)}")
    if not host and not path:
        raise UriError(f"Absolute URI missing hierarchical segment: '{scheme}://'")
    if _BAD_HOST.search(host):
        raise UriError(f"Invalid character in host: '{host}'")
    if path and not path.endswith("/") and path.strip():
        path += "/"
    where = f"{user}{host}" + (f":{int(port)}" if port else "")
    return f"{scheme}://{where}{path}{query or ''}{fragment or ''}"


def _split_authority(authority: str) -> tuple[str, str, str]:
    user = re.match(r"[^\[\]]*@", authority)
    rest = authority[user.end() :] if user else authority
    port = re.search(r":([^:@\[\]]*)\Z", rest)
    if port is None:
        return (user[0] if user else ""), rest, ""
    return (user[0] if user else ""), rest[: port.start()], port[1]
