"""A site of all findings: static pages that need no script, no style and no other host; the same for each version.

``findings/ID.html`` is a promise: a finding's page keeps its address for as long as its id keeps its meaning.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from s3probe import __version__
from s3probe.diagnosis.model import Severity
from s3probe.knowledge.findings import SEEN, FindingText, entry, ids
from s3probe.knowledge.site import addresses, path_of
from s3probe.report.explain import category_name, general
from s3probe.report.finding_page import description, finding_page, head_line
from s3probe.report.markup import STYLE, document, escaped
from s3probe.report.site_map import ALL, LOST, START, TO_FINDINGS, TO_ROOT, by_code, code_path, entries, link, seen_path

_STYLE = f"""{STYLE}\
:root{{--link:#0550ae}}
@media(prefers-color-scheme:dark){{:root{{--link:#79c0ff}}}}
a{{color:var(--link)}}nav a{{display:inline-block;padding:.3rem 0;margin-right:1rem}}summary{{padding:.3rem 0}}
.skip{{position:absolute;left:-100rem}}.skip:focus{{position:static}}
header,footer{{border-bottom:1px solid var(--line);padding-bottom:.5rem;color:var(--soft)}}
footer{{border:0;border-top:1px solid var(--line);margin-top:3rem;padding-top:.5rem}}
h1{{line-height:1.25}}h3{{font-size:1rem}}li{{margin:.35rem 0}}li p{{margin:0}}
code,pre{{font:.9em/1.45 ui-monospace,monospace}}q{{quotes:none}}q::before,q::after{{content:""}}
details{{border-top:1px solid var(--line)}}details>:last-child{{margin-bottom:1rem}}summary{{cursor:pointer}}
.codes{{columns:19rem;padding-left:1.2rem}}.codes li{{margin:0 0 .35rem;break-inside:avoid}}
@media print{{:root{{color-scheme:light;--ink:#000;--paper:#fff;--box:#fff;--line:#999;--soft:#333;
--link:#000}}nav,.skip{{display:none}}
details::details-content{{content-visibility:visible;display:block;height:auto}}}}
"""


def site(base: str = "") -> Mapping[str, str]:
    """Every file of the site, by its path. ``base``: the address where it will lie, with its last slash.

    Without one there are no canonical links, no sitemap and no page of what is lost, which take whole addresses.
    """
    bodies = {path: page for path, page in _bodies() if base or path != LOST}  # it needs addresses that are whole
    files = {path: _framed(path, title, told, body, base) for path, (title, told, body) in bodies.items()}
    if base:
        files["sitemap.xml"] = _sitemap(base, [path for path in files if path != LOST])
    return files


_Page = tuple[str, str, list[str]]
"""Title, description, and what stands in between head and foot."""


def _bodies() -> Iterator[tuple[str, _Page]]:
    yield START, _start()
    yield ALL, _all()
    yield LOST, _lost()
    for name, said in SEEN.items():
        hits = tuple(e for e in entries() if name in e.seen)
        told = f"{said}: {len(hits)} causes in Mastodon's media storage, and how each is fixed."
        yield seen_path(name), (f"{said} (Mastodon's media storage)", told, list(_hits(said, hits)))
    for code, hits in by_code().items():
        if len(hits) > 1:
            told = f"What may be behind {code} in Mastodon: {len(hits)} causes, and how each is fixed."
            yield code_path(code), (f"{code} in Mastodon: what may be behind it", told, list(_hits(code, hits, code)))
    for e in entries():
        yield path_of(e.id), (head_line(e), description(e), list(finding_page(e)))


def _start() -> _Page:
    title = "Why Mastodon's media storage (S3) does not work, and what fixes it"
    told = (
        f"{len(ids())} causes of failing uploads, missing pictures and open buckets on Mastodon servers with S3 "
        "storage, by what is seen and by error code."
    )
    return title, told, list(_start_body(title))


def _start_body(title: str) -> Iterator[str]:
    yield f"<h1>{escaped(title)}</h1>"
    yield (
        "<p>Mastodon keeps its pictures and videos in an S3 bucket. Here stands what can go wrong with that: how it "
        "looks, what it is told from, and what fixes it, at Amazon and elsewhere.</p>"
    )
    yield '<section aria-labelledby="seen"><h2 id="seen">What do you see?</h2><ul>'
    yield from (f'<li><a href="{seen_path(name)}">{escaped(said)}</a></li>' for name, said in SEEN.items())
    yield "</ul></section>"
    yield '<section aria-labelledby="codes"><h2 id="codes">What does the log say?</h2><ul class="codes">'
    for code, hits in by_code().items():
        path = code_path(code) if len(hits) > 1 else path_of(hits[0].id)
        yield f'<li><a href="{escaped(path)}"><code>{escaped(code)}</code></a></li>'
    yield "</ul></section>"
    yield "<h2>Let s3probe find it</h2>"
    yield (
        "<p>s3probe does to the bucket what Mastodon would do, and names which of these it is. It asks for nothing "
        "but Mastodon's own settings:</p>"
    )
    yield "<pre>s3probe check /home/mastodon/live/.env.production</pre>"
    yield "<p>A line of a log leads here as well:</p>"
    yield "<pre>journalctl -u mastodon-sidekiq -n 50 | s3probe explain -</pre>"


def _all() -> _Page:
    told = f"All {len(ids())} findings of s3probe, by what they are about."
    return "All that s3probe can find in Mastodon's media storage", told, list(_all_body())


def _all_body() -> Iterator[str]:
    yield "<h1>All findings</h1>"
    for category in dict.fromkeys(entry(name).category for name in ids()):
        yield f"<h2>{escaped(category_name(category))}</h2><ul>"
        yield from (_item(e, "") for e in map(entry, ids()) if e.category == category)
        yield "</ul>"


def _lost() -> _Page:
    body = [
        "<h1>There is no such page</h1>",
        "<p>A finding keeps its address for ever, so this one was never there, or has been copied in part. "
        "The ways above lead to all of them.</p>",
    ]
    return "There is no such page (s3probe)", "There is no such page.", body


def _hits(heading: str, hits: Iterable[FindingText], code: str = "") -> Iterator[str]:
    """What may be behind one symptom or code."""
    yield f"<h1>{f'<code>{escaped(code)}</code> in Mastodon' if code else escaped(heading)}</h1>"
    yield "<p>What may be behind it. Which of these it is, <code>s3probe check</code> finds out.</p><ul>"
    yield from (_item(e, TO_FINDINGS, consequence=True) for e in hits)
    yield "</ul>"


def _item(e: FindingText, to: str, *, consequence: bool = False) -> str:
    kind = "" if e.severity == Severity.FAILURE else f' <span class="{e.severity}">({e.severity})</span>'
    told = f"<p>{escaped(general(e.consequence))}.</p>" if consequence else ""
    return f"<li>{link(e, to)}{kind}{told}</li>"


def _framed(path: str, title: str, told: str, body: Iterable[str], base: str) -> str:
    """The page with its head, its way to the others and its foot."""
    # what is not found may be looked for in any folder
    root = base if path == LOST else TO_ROOT * path.count("/")
    ways = {START: "What do you see?", ALL: "All findings"}
    here = ' aria-current="page"'
    links = (
        f'<a href="{escaped(f"{root}{name}")}"{here if name == path else ""}>{said}</a>' for name, said in ways.items()
    )
    source = addresses().get("Source", "")
    about = f'<a href="{escaped(source)}">s3probe {__version__}</a>' if source else f"s3probe {__version__}"
    head = [f'<meta name="description" content="{escaped(told)}">']
    if path == LOST:
        head.append('<meta name="robots" content="noindex">')
    elif base:
        head.append(f'<link rel="canonical" href="{escaped(base + _without_index(path))}">')
    lines = [
        '<header><a class="skip" href="#main">To the text</a>',
        f'<nav aria-label="Pages">{" ".join(links)}</nav></header>',
        '<main id="main">',
        *body,
        "</main>",
        f"<footer><p>{about}, which tells a Mastodon admin why media storage does not work.</p></footer>",
    ]
    return document(title, lines, _STYLE, head)


def _without_index(path: str) -> str:
    return path.removesuffix(START)


def _sitemap(base: str, paths: Iterable[str]) -> str:
    places = "".join(f"<url><loc>{escaped(base + _without_index(path))}</loc></url>\n" for path in sorted(paths))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{places}</urlset>\n'
    )
