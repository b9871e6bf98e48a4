"""How Ruby reads an address: ``URI.parse`` (RFC 3986) and Addressable, which decide whether Mastodon starts."""

from __future__ import annotations

import re
from ipaddress import IPv6Address

from s3probe.patterns import regex
from s3probe.records import dataclass, replace
from s3probe.settings.ruby import inspect

_PCHAR = r"(?:[A-Za-z0-9\-._~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})"
_URI = regex(
    rf"""
    (?:(?P<scheme>[A-Za-z][A-Za-z0-9+\-.]*):)?
    (?://
      (?:(?P<userinfo>(?:[A-Za-z0-9\-._~!$&'()*+,;=:]|%[0-9A-Fa-f]{{2}})*)@)?
      (?P<host>\[[^\]]*\]|(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{{2}})*)
      (?::(?P<port>[0-9]*))?
      (?=/|\?|\#|\Z)
      | (?!//)  # two slashes begin an authority, or it is no address
    )
    (?P<path>(?:/|{_PCHAR})*)
    (?:\?(?P<query>(?:{_PCHAR}|[/?])*))?
    (?:\#(?P<fragment>(?:{_PCHAR}|[/?])*))?
    """,
    re.VERBOSE,
)
_DEFAULT_PORTS = {"http": "80", "https": "443", "ftp": "21"}
_ADDRESSABLE = regex(r"(?:([^:/?#]+):)?(?://([^/?#]*))?([^?#]*)(\?[^#]*)?(#.*)?", re.DOTALL)
_IP_BASED = frozenset(
    [
        *("http", "https", "ftp", "tftp", "sftp", "ssh", "svn+ssh", "telnet", "nntp", "gopher", "wais", "ldap"),
        "prospero",
    ]
)
"""Schemes that lead to a host, as Addressable counts them."""
_BAD_HOST = regex(r'[<>{}/\\?#@"\s]')


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
            user = f"{self.userinfo}@" if self.userinfo else ""
            text += f"//{user}{self.authority}"
        text += self.path
        text += "" if self.query is None else f"?{self.query}"
        return text + ("" if self.fragment is None else f"#{self.fragment}")


def parse_uri(text: str) -> RubyUri:
    """Ruby's ``URI.parse``. Raises :class:`UriError` with its message."""
    if not text.isascii():
        raise UriError(f"URI must be ascii only {_dump(text)}")
    match = _URI.fullmatch(text)
    if (
        match is None
        or (match["host"] is None and match["scheme"] is None and ":" in text.split("/")[0])
        or ((match["host"] or "").startswith("[") and not _is_literal(match["host"][1:-1]))
    ):
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


def _is_literal(text: str) -> bool:
    """Whether brackets may hold it: an IPv6 address without a zone, or what a later version of IP may write."""
    if text.startswith("v"):
        return re.fullmatch(r"v[0-9A-Fa-f]+\.[A-Za-z0-9\-._~!$&'()*+,;=:]+", text) is not None
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return "%" not in text


def join_absolute(base: str, source: str) -> str:
    """Ruby's ``URI.join(base, source)`` for a source that is absolute or starts with ``//`` or ``/``."""
    start, uri = parse_uri(base), parse_uri(source)
    if uri.scheme is not None:
        return str(uri)
    if uri.host:  # without a host nothing stands before the path
        port = None if uri.port == _DEFAULT_PORTS.get(start.scheme or "") else uri.port
        return str(replace(uri, scheme=start.scheme, port=port))
    path = uri.path if uri.path.startswith("/") else start.path.rpartition("/")[0] + "/" + uri.path
    return str(replace(start, path=_without_dots(path), query=uri.query, fragment=uri.fragment))


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
    return str(_as_folder(_addressable(text)))


def addressable_join(base: str, text: str) -> str:
    """``Addressable::URI.parse(base) + text``, likewise with ``/`` at the end of its path, as text.

    Source: addressable ``uri.rb``, whose ``join`` is RFC 3986, 5.2.2.
    """
    start, uri = _addressable(base), _addressable(text)
    if not str(uri):
        return str(_as_folder(start))
    if uri.scheme is not None:
        return str(_as_folder(_validated(replace(uri, path=_without_dots(uri.path)))))
    if uri.authority is not None:
        joined = replace(uri, scheme=start.scheme, path=_without_dots(uri.path))
    elif not uri.path:
        query = start.query if uri.query is None else uri.query
        joined = replace(start, query=query, fragment=uri.fragment)
    else:
        folder = (
            start.path.rpartition("/")[0] + "/" if "/" in start.path else "/" if start.authority is not None else ""
        )
        path = uri.path if uri.path.startswith("/") else folder + uri.path
        joined = replace(start, path=_without_dots(path), query=uri.query, fragment=uri.fragment)
    return str(_as_folder(_validated(joined)))


@dataclass(frozen=True, slots=True)
class _Addressable:
    """The parts of a URL as Addressable keeps them, the port without zeros before it and the marks left out."""

    scheme: str | None
    authority: tuple[str, str, str] | None
    """User with ``@``, host, port."""
    path: str
    query: str | None
    fragment: str | None

    def __str__(self) -> str:
        if self.scheme is None and re.match(r"[^/:]*:", self.path):
            raise UriError(f"Cannot assemble URI string with ambiguous path: '{self.path}'")
        text = f"{self.scheme}:" if self.scheme is not None else ""
        if self.authority is not None:
            user, host, port = self.authority
            text += f"//{user}{host}" + (f":{port}" if port else "")
        text += self.path
        text += "" if self.query is None else f"?{self.query}"
        return text + ("" if self.fragment is None else f"#{self.fragment}")


def _addressable(text: str) -> _Addressable:
    match = _ADDRESSABLE.fullmatch(text)
    assert match is not None  # the pattern takes every text
    scheme, authority, path, query, fragment = match.groups()
    if authority is None:
        found = None
    else:
        user, host, port = _split_authority(authority)
        if port and not re.fullmatch("[0-9]+", port):
            raise UriError(f"Invalid port number: {inspect(port)}")
        found = user, host, port.lstrip("0")  # port 0 counts as none
    if scheme is not None and not re.fullmatch("[A-Za-z][A-Za-z0-9.+-]*", scheme):
        raise UriError(f"Invalid scheme format: '{scheme}'")
    return _validated(_Addressable(scheme, found, path, query and query[1:], fragment and fragment[1:]))


def _validated(uri: _Addressable) -> _Addressable:
    host = uri.authority[1] if uri.authority is not None else ""
    if (uri.scheme or "").lower() in _IP_BASED and not host and not uri.path:
        raise UriError(f"Absolute URI missing hierarchical segment: '{uri}'")
    literal = re.fullmatch(r"\[(.*)\]", host)
    if _BAD_HOST.search(host) or (literal and not re.fullmatch(r"[A-Za-z0-9\-._~!$&'()*+,;=:]*", literal[1])):
        raise UriError(f"Invalid character in host: '{host}'")
    return uri


def _as_folder(uri: _Addressable) -> _Addressable:
    """With ``/`` at the end of its path where there is one."""
    whole = not uri.path.strip() or uri.path.endswith("/")
    return uri if whole else replace(uri, path=f"{uri.path}/")


def _without_dots(path: str) -> str:
    """Without ``.`` and ``..`` and what they lead back from."""
    if not path.startswith("/"):
        return path
    kept: list[str] = []
    parts = path[1:].split("/")
    for place, part in enumerate(parts):
        if part == "..":
            kept = kept[:-1]
        if part not in (".", ".."):
            kept.append(part)
        elif place == len(parts) - 1:
            kept.append("")
    return "/" + "/".join(kept)


def _split_authority(authority: str) -> tuple[str, str, str]:
    user = re.match(r"[^\[\]]*@", authority)
    rest = authority[user.end() :] if user else authority
    port = re.search(r":([^:@\[\]]*)\Z", rest)
    if port is None:
        return (user[0] if user else ""), rest, ""
    return (user[0] if user else ""), rest[: port.start()], port[1]
