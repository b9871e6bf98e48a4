"""The table of what may stand before the storage: each topic of a rule has words, and lines are filled in."""

from __future__ import annotations

import ast
import re

import pytest

from s3probe.knowledge.proxies import ANY, Kind, Values, middlemen, whose_page
from tests.every import every
from tests.test_rooms import sources

NAMES = {"base", "scheme", "host", "name", "port", "plain", "path", "alias", "prefix", "api", "folders"}
FLAGS = {"https", "http", "path", "cloud", "literal", "own", "webport"}


def _asked() -> set[str]:
    """Topics that the rules name."""
    found: set[str] = set()
    for module, tree in sources().items():
        if module.startswith("diagnosis."):
            for node in ast.walk(tree):
                match node:
                    case ast.Call(func=ast.Name(id="at_proxy" | "before_api"), args=[_, topic, *_]):
                        found |= {str(n.value) for n in ast.walk(topic) if isinstance(n, ast.Constant)}
    return found


def test_every_topic_that_a_rule_asks_for_has_words() -> None:
    said = set(middlemen()[ANY].says)
    assert _asked() <= said
    assert {topic for one in middlemen().values() for topic in (*one.lines, *one.gone, *one.says)} <= said
    assert said <= _asked() | {"bytes", "folders", "access"}, "nothing asks for these"


@every("name", sorted(middlemen()))
def test_an_entry_is_whole(name: str) -> None:
    one = middlemen()[name]
    texts = [*one.lines.values(), *one.gone.values(), *one.says.values(), *one.notes.values(), *one.places.values()]
    for text in texts:
        assert set(re.findall(r"<([a-z]+)>", text)) <= NAMES, text
        assert set(re.findall(r"^\?([a-z]+) ", text, re.MULTILINE)) <= FLAGS, text
    assert all(text.startswith("Remove ") for text in one.gone.values())
    assert one.signs or name == ANY
    if one.kind is Kind.CDN:
        assert not one.lines
        assert not one.gone
    elif one.lines:
        assert one.place.startswith("the ")
        assert one.language


def test_lines_are_for_the_storage_at_hand() -> None:
    values = Values(frozenset({"https", "path"}), {"host": "s3.example.net", "path": "/media"})
    template = "?path rewrite <path>\n?literal never\nask <host>\n?https with TLS"
    assert values.fill(template) == "rewrite /media\nask s3.example.net\nwith TLS"


@pytest.mark.parametrize(
    ("page", "name"),
    [
        ("<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<center>nginx/1.22.1</center>", "nginx"),
        ("<html><body><h1>503 Service Unavailable</h1>\nNo server is available.\n</body></html>\n", "haproxy"),
        ("<h1>Error 503 Backend fetch failed</h1><p>Varnish cache server</p>", "varnish"),
        ("no available server\n", "traefik"),
        ("<html><body><h1>Our files</h1></body></html>", ""),
        ('<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>', ""),
    ],
)
def test_an_error_page_is_known_by_its_own_words(page: str, name: str) -> None:
    assert whose_page(page) == name
