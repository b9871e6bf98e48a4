"""What all HTML of s3probe has in common: one look, every value escaped, no script, and no request to anywhere."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from html import escape

STYLE = """
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#57606a;--paper:#fff;--line:#d0d7de;--box:#f6f8fa;--ok:#1a7f37;
--bad:#cf222e;--warn:#9a6700}
@media(prefers-color-scheme:dark){:root{--ink:#e6edf3;--soft:#9198a1;--paper:#0d1117;--line:#3d444d;--box:#151b23;
--ok:#3fb950;--bad:#f85149;--warn:#d29922}}
body{font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:60rem;margin:2rem auto;
padding:0 1rem;overflow-wrap:anywhere}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:2rem}
.ok{color:var(--ok)}.failure,.bad{color:var(--bad)}.warning,.unknown{color:var(--warn)}.notice,.soft{color:var(--soft)}
section{border:1px solid var(--line);border-radius:6px;padding:.5rem 1rem;margin:1rem 0}section h2{margin-top:.5rem}
pre{background:var(--box);border:1px solid var(--line);border-radius:6px;padding:.6rem;white-space:pre-wrap}
table{border-collapse:collapse;width:100%}td,th{border-top:1px solid var(--line);padding:.3rem .5rem;text-align:left;
vertical-align:top}
"""
"""The colours of day and night, and what every page has."""


def escaped(text: str) -> str:
    """``text`` as it stands in HTML, in an attribute as well."""
    return escape(text, quote=True)


def document(title: str, body: Iterable[str], style: str, head: Iterable[str] = ()) -> str:
    """A whole document that loads nothing. ``body`` and ``head`` are HTML already, a line each."""
    policy = (
        "default-src 'none'; base-uri 'none'; form-action 'none'; "
        f"style-src 'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'"
    )
    lines = [
        "<!DOCTYPE html>",
        '<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{escaped(policy)}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escaped(title)}</title>",
        *head,
        f"<style>{style}</style></head><body>",
        *body,
        "</body></html>",
    ]
    return "\n".join(lines) + "\n"
