"""The server block of Mastodon's proxy guide, as a program can change it line by line.

Source of the lines: https://docs.joinmastodon.org/admin/optional/object-storage-proxy/
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

_KEYED = ("proxy_set_header", "proxy_hide_header", "add_header", "location", "if")
"""Directives of which there may be several: the next word tells them apart."""
_DIRECTIVE = re.compile(r"\s*((?:[^;{}'\"]|'[^']*'|\"[^\"]*\")+?)\s*(;|\{[^}]*\})")

Lines = tuple[str, ...]

NAMES = ("Access-Control-Allow-Origin", "Access-Control-Allow-Methods", "Access-Control-Allow-Headers")
AMAZON = ("x-amz-id-2", "x-amz-request-id", "x-amz-meta-server-side-encryption", "x-amz-server-side-encryption",
          "x-amz-bucket-region", "x-amzn-requestid")  # fmt: skip


@dataclass(frozen=True)
class Block:
    """``server`` holds the lines of the server, ``storage`` those of the location that asks the storage."""

    server: Lines
    storage: Lines
    location: str = "@s3"

    def text(self) -> str:
        return "\n".join((*self.server, f"location {self.location} {{", *self.storage, "}"))

    def without(self, start: str) -> Block:
        """The same without the lines that begin so, in quotes or not."""
        server, storage = (
            tuple(line for line in lines if not line.replace("'", "").startswith(start.replace("'", "")))
            for lines in (self.server, self.storage)
        )
        return replace(self, server=server, storage=storage)

    def without_other_locations(self) -> Block:
        """The same with ``location /`` alone for all folders."""
        other = re.compile(r"location (?:[~^*]+ )?/[^ ]")
        return replace(self, server=tuple(line for line in self.server if not other.match(line)))

    def with_lines(self, text: str) -> Block:
        """The same with these directives, each in the place of the one of its name."""
        block = self
        for words, end in _DIRECTIVE.findall(text):
            line = f"{words}{end}" if end == ";" else f"{words} {end}"
            if words.startswith("location"):
                block = replace(block.without(words), server=(line, *block.without(words).server))
            else:
                rest = block.without(_name(words))
                block = replace(rest, storage=(line, *rest.storage))
        return block


def _name(words: str) -> str:
    """How a line begins that this one takes the place of."""
    parts = words.split()
    wanted = 2 if parts[0] in _KEYED else 1
    if parts[0] == "add_header" and "Allow-Origin" in parts[1]:
        return "add_header 'Access-Control-Allow-Origin'"
    return " ".join(parts[:wanted])


def guide(bucket: str, endpoint: str) -> Block:
    """The guide's block for a bucket with a host name of its own."""
    host = f"{bucket}.{endpoint}"
    storage = (
        "limit_except GET { deny all; }",
        f"proxy_set_header Host {host};",
        "proxy_set_header Connection '';",
        "proxy_set_header Authorization '';",
        "proxy_hide_header Set-Cookie;",
        *(f"proxy_hide_header '{name}';" for name in NAMES),
        *(f"proxy_hide_header {name};" for name in AMAZON),
        "proxy_ignore_headers Set-Cookie;",
        f"proxy_pass https://{host}$uri;",
        "proxy_intercept_errors off;",
        "proxy_cache CACHE;",
        "proxy_cache_valid 200 48h;",
        "proxy_cache_use_stale error timeout updating http_500 http_502 http_503 http_504;",
        "proxy_cache_lock on;",
        "expires 1y;",
        "add_header Cache-Control public;",
        "add_header 'Access-Control-Allow-Origin' '*';",
        "add_header X-Cache-Status $upstream_cache_status;",
        "add_header X-Content-Type-Options nosniff;",
        "add_header Content-Security-Policy \"default-src 'none'; form-action 'none'\";",
    )
    server = ("location = / { index index.html; }", "location / { try_files $uri @s3; }")
    return Block(server, storage)
