"""The site of all findings: every link leads somewhere, nothing is loaded, and what people search for is there."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from collections import Counter
from functools import cache
from html.parser import HTMLParser
from itertools import pairwise
from posixpath import dirname, normpath
from urllib.parse import urlsplit

import pytest

from s3probe.knowledge import site as addresses
from s3probe.knowledge.findings import SEEN, entry, ids
from s3probe.knowledge.providers import providers
from s3probe.knowledge.symptoms import symptoms_of
from s3probe.report.finding_page import paragraphs
from s3probe.report.site import site
from s3probe.report.site_map import ALL, LOST, START, by_code, code_path, seen_path
from tests.every import every

BASE = "https://findings.example/s3probe/"
FILES = site(BASE)
PAGES = sorted(path for path in FILES if path.endswith(".html"))
ACL = addresses.path_of("acl-disabled-bucket-owner-enforced")
_VOID = {"meta", "link", "br", "hr", "img"}
_FOREIGN = re.compile(r"https://[a-z0-9.-]+(?:/[^\s<>\"]*)?")


class Page(HTMLParser):
    """What a page says and where it leads; tags that do not close one another in order fail at once."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.tags: Counter[str] = Counter()
        self.texts: dict[str, str] = {}
        self.meta: dict[str, str] = {}
        self.canonical = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.tags[tag] += 1
        self.ids += [found["id"]] if "id" in found else []
        if tag == "a":
            self.links.append(found["href"])
        elif tag == "meta":
            self.meta[found.get("name") or found.get("http-equiv", "")] = found.get("content", "")
        elif tag == "link":
            assert found["rel"] == "canonical"
            self.canonical = found["href"]
        assert not {"src", "srcset", "style", "background", "action"} & set(found)
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        for tag in set(self.open):
            self.texts[tag] = self.texts.get(tag, "") + data


@cache
def page(path: str) -> Page:
    return Page(FILES[path])


def leads_to_pages_that_are_there(path: str) -> None:
    for link in page(path).links:
        parts = urlsplit(link)
        if parts.scheme:
            assert link.startswith(BASE) or _FOREIGN.fullmatch(link), link
            target = link.removeprefix(BASE) if link.startswith(BASE) else None
        else:
            target = normpath(f"{dirname(path)}/{parts.path}").lstrip("/") if parts.path else path
        if target is not None:
            assert target in FILES, link
            assert not parts.fragment or parts.fragment in page(target).ids, link


def loads_nothing(path: str) -> None:
    assert not {"script", "img", "iframe", "object", "form", "base"} & set(page(path).tags)
    (style,) = (page(path).texts["style"],)
    assert "url(" not in style
    assert "@import" not in style
    assert page(path).meta["Content-Security-Policy"].startswith("default-src 'none'; ")


def can_be_read_by_everybody(path: str) -> None:
    assert FILES[path].startswith('<!DOCTYPE html>\n<html lang="en">')
    for tag in ("header", "nav", "main", "footer", "h1", "title"):
        assert page(path).tags[tag] == 1, tag
    assert page(path).links[0] == "#main"
    levels = [int(level) for level in re.findall(r"<h(\d)", FILES[path])]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert not re.search(r"(?<!\$)\{[a-z_]+\}", page(path).texts["main"]), "a value that nobody has filled in"


def says_what_it_is(path: str) -> None:
    assert page(path).texts["title"].strip()
    assert 10 < len(page(path).meta["description"]) <= 302
    if path == LOST:
        assert page(path).canonical == ""
    else:
        assert page(path).canonical == BASE + path.removesuffix(START)


@every("path", PAGES)
@every(
    "holds",
    [leads_to_pages_that_are_there, loads_nothing, can_be_read_by_everybody, says_what_it_is],
    ids=lambda holds: holds.__name__,
)
def test_a_page(path: str, holds: object) -> None:
    assert callable(holds)
    holds(path)


def test_titles_and_descriptions_are_those_of_one_page_each() -> None:
    titles = Counter(page(path).texts["title"] for path in PAGES)
    assert [title for title, number in titles.items() if number > 1] == []


def test_an_error_code_leads_to_the_finding_that_it_means() -> None:
    code = "AccessControlListNotSupported"
    assert code in page(ACL).texts["title"]
    assert "Mastodon" in page(ACL).texts["title"]
    assert code in page(ACL).texts["h2"]
    assert code in page(ACL).meta["description"]
    assert "The bucket does not allow ACLs" in page(ACL).texts["main"]
    first = next(link for link in page(code_path("AccessDenied")).links if "findings/" in link and "index" not in link)
    assert "AccessDenied" in symptoms_of(first.rpartition("/")[2].removesuffix(".html")).usual


@every("finding_id", ids())
def test_a_finding_is_told_in_full(finding_id: str) -> None:
    path, e = addresses.path_of(finding_id), entry(finding_id)
    text = " ".join(page(path).texts["main"].split())
    for said in (finding_id, e.meaning, e.why_state, *symptoms_of(finding_id).codes, *symptoms_of(finding_id).says):
        assert " ".join(said.split()) in text, said
    for told in (*e.told_apart, *e.fix["general"].split("\n")):
        assert " ".join(told.split()) in text, told
    for store in (store for store in providers().values() if store.id in e.fix):
        # commands that go to another endpoint than Amazon's have that in them
        for told in (line for line in e.fix[store.id].split("\n") if not line.startswith("    aws")):
            said = " ".join(told.split())
            assert said in text or said.replace(store.name, "this storage") in text, said
    assert set(e.links) <= set(page(path).links)
    codes = symptoms_of(finding_id).codes[:1]
    assert all(code in page(path).texts["title"] for code in codes)


def test_every_finding_is_two_steps_from_the_first_page() -> None:
    first = [link for link in page(START).links if link.startswith(("seen/", "codes/"))]
    second = {link.rpartition("/")[2] for path in first for link in page(path).links}
    assert {f"{name}.html" for name in ids()} <= second
    assert {seen_path(name) for name in SEEN} | {code_path(c) for c, hits in by_code().items() if len(hits) > 1} == set(
        first
    )
    assert {f"{name}.html" for name in ids()} <= set(page(ALL).links)


def test_look_alikes_lead_to_one_another() -> None:
    assert "bpa-blocks-public-acl.html" in page(ACL).links
    assert "acl-uniform-gcs.html" in page(ACL).links, "it is told from this one there"


def test_what_one_storage_says_alone_stands_under_its_name() -> None:
    text = FILES[addresses.path_of("iam-missing-deleteobject")]
    assert "<summary>Garage</summary>\n" in text
    assert "garage bucket allow --read --write BUCKET --key KEY" in text
    assert "this storage" not in text.partition("<summary>Garage</summary>")[2].partition("</details>")[0]


def test_the_sitemap_names_every_page_but_the_one_that_is_none() -> None:
    places = re.findall(r"<url><loc>([^<>&]+)</loc></url>", FILES["sitemap.xml"])
    named = {place.removeprefix(BASE) for place in places if place.startswith(BASE)}
    assert named == {path.removesuffix(START) for path in PAGES if path != LOST}


def test_without_an_address_nothing_needs_one() -> None:
    files = site()
    assert set(FILES) - set(files) == {"404.html", "sitemap.xml"}
    assert 'rel="canonical"' not in "".join(files.values())


def test_the_same_version_gives_the_same_bytes() -> None:
    told = (
        "import hashlib; from s3probe.report.site import site; "
        f"print(hashlib.sha256(repr(sorted(site({BASE!r}).items())).encode()).hexdigest())"
    )
    environ = os.environ | {"PYTHONHASHSEED": "7", "LC_ALL": "C", "TZ": "Asia/Tokyo"}
    done = subprocess.run([sys.executable, "-c", told], check=True, env=environ, capture_output=True, text=True)
    assert done.stdout.strip() == hashlib.sha256(repr(sorted(FILES.items())).encode()).hexdigest()


def test_whatever_a_text_holds_is_shown_as_it_is() -> None:
    hostile = 'Set S3_BUCKET=<b>"x"</b> & <script>x</script>\n    echo "<&>"\n<img src=x>'
    assert list(paragraphs(hostile)) == [
        "<p>Set <code>S3_BUCKET=&lt;b&gt;&quot;x&quot;&lt;/b&gt;</code> &amp; &lt;script&gt;x&lt;/script&gt;</p>",
        "<pre>echo &quot;&lt;&amp;&gt;&quot;</pre>",
        "<p>&lt;img src=x&gt;</p>",
    ]


def _light(colour: str) -> float:
    """Relative luminance, as WCAG 2 defines it."""
    digits = colour * 2 if len(colour) == 3 else colour
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("time", ["day", "night"])
def test_words_stand_out_from_the_paper(time: str) -> None:
    style = page(ACL).texts["style"].partition("@media print")[0]
    roots = re.findall(r"(dark\)\{)?:root\{([^}]*)\}", style)
    chosen = [rules for dark, rules in roots if time == "night" or not dark]
    colours = dict(re.findall(r"--(\w+):#([0-9a-f]{3,6})", ";".join(chosen).replace("\n", "")))
    for ink in ("ink", "soft", "link", "ok", "bad", "warn"):
        for paper in ("paper", "box"):
            one, other = sorted((_light(colours[ink]), _light(colours[paper])))
            assert (other + 0.05) / (one + 0.05) >= 4.5, (ink, paper)
