"""The page of one finding: what ``s3probe explain`` says, with the words by which somebody searches for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from s3probe.knowledge.findings import SEEN, FindingText, entry, ids
from s3probe.knowledge.providers import providers
from s3probe.knowledge.recognition import GENERIC
from s3probe.knowledge.symptoms import symptoms_of
from s3probe.patterns import regex
from s3probe.report.advice import advice_for
from s3probe.report.explain import facts_of, general, parts_of, state_of, titled
from s3probe.report.markup import escaped
from s3probe.report.setting_words import sentence
from s3probe.report.site_map import TO_ROOT, by_code, code_path, link, seen_path

_IN_A_TITLE = 3
"""Codes that a title names: more of them say less."""
_LONG = 90
"""Characters of a log's words that a title has room for."""
_DESCRIPTION = 300
"""Characters: search engines show fewer."""
_MANY = 8
"""Storages that are named before those with the same words are only counted."""
_IT = "this storage"
"""In place of a name, where many have the same words."""
_WORDS = regex(
    r"(?P<id>\b[a-z0-9]+(?:-[a-z0-9]+)+\b)"
    r"|(?P<code>\b(?:S3|AWS|CDN|CACHE_BUSTER|LOCAL|WEB|SSL)_[A-Z_]+\b(?:=(?:[^\s,;:]*[^\s,;:.])?)?"
    r"|\b(?:s3|kms):[A-Z]\w+|\b(?:[A-Z]\w*::)+[A-Z]\w*|\bx-amz-[a-z0-9-]+|\bs3probe (?:check|lint|policy|fix|sweep)\b)"
)


def head_line(e: FindingText) -> str:
    """The title of the page: an error code or words of a log, and what is the matter."""
    codes, title = symptoms_of(e.id).codes[:_IN_A_TITLE], titled(e)
    if codes:
        return f"{', '.join(codes)} in Mastodon: {title}"
    said = next((one for one in symptoms_of(e.id).says if len(one) <= _LONG and one.lower() not in title.lower()), "")
    return f"{sentence(said)}: {title} (Mastodon)" if said else f"{title} (Mastodon's media storage)"


def description(e: FindingText) -> str:
    """What a search engine shows below the title."""
    fix = " ".join(e.fix["general"].split("\n    ")[0].split())
    text = f"{general(e.consequence)}. {fix}"
    return text if len(text) <= _DESCRIPTION else f"{text[:_DESCRIPTION].rpartition(' ')[0]} …"


def finding_page(e: FindingText) -> Iterator[str]:
    """What stands between the page's head and its foot, as HTML."""
    yield f"<h1>{_inline(titled(e))}</h1>"
    facts = {"Finding": e.id, **facts_of(e)}
    weight = f'<strong class="{e.severity}">{facts.pop("Severity").capitalize()}</strong>.'
    yield f"<p>{' '.join([weight, *(f'{label}: <code>{escaped(said)}</code>.' for label, said in facts.items())])}</p>"
    yield from _what_is_seen(e)
    yield "<h2>What it means</h2>"
    yield from paragraphs(e.meaning)
    yield "<h2>How to fix it</h2>"
    yield from paragraphs(e.fix["general"])
    yield from _for_each_storage(e)
    yield "<h2>How it is told from what looks alike</h2>"
    yield from _list(_inline(text) for text in e.told_apart)
    if others := [other for other in _taken_for().get(e.id, ()) if other not in " ".join(e.told_apart)]:
        yield "<p>It is also told from these:</p>"
        yield from _list(link(entry(other)) for other in others)
    yield "<h2>Is it this?</h2>"
    yield from _what_decides(e)
    yield "<h2>Read more</h2>"
    yield from _list(f'<a href="{escaped(url)}">{escaped(url.removeprefix("https://"))}</a>' for url in e.links)


def _what_is_seen(e: FindingText) -> Iterator[str]:
    known = symptoms_of(e.id)
    named = ", ".join(known.codes)
    yield f"<h2>What is seen{f': {escaped(named)}' if named else ''}</h2>"
    yield from paragraphs(f"{general(e.consequence)}.")
    if known.says:
        yield "<p>In logs, on screens and in answers:</p>"
        yield from _list(f"<q>{escaped(one)}</q>" for one in known.says)
    ways = {escaped(SEEN[name]): seen_path(name) for name in e.seen}
    ways |= {f"<code>{escaped(code)}</code>": code_path(code) for code in known.codes if len(by_code()[code]) > 1}
    yield "<p>What else looks like this:</p>"
    yield from _list(f'<a href="{TO_ROOT}{escaped(path)}">{said}</a>' for said, path in ways.items())


def _for_each_storage(e: FindingText) -> Iterator[str]:
    """The same in the words of each, where they are other words; those with the same words stand together."""
    said: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for store in sorted(providers().values(), key=lambda store: store.name.lower()):
        if store.id != GENERIC:
            said[tuple(text.replace(store.name, _IT) for text in advice_for(e, store, None))].append(store.name)
    others = said.pop((e.fix["general"],), [])
    if not said:
        return
    yield "<h3>In the words of your storage</h3>"
    # what one says alone comes first
    for texts, names in sorted(said.items(), key=lambda group: len(group[1])):
        # what only one says may name it
        own = [text.replace(_IT, names[0]) for text in texts] if len(names) == 1 else texts
        yield f"<details><summary>{escaped(_named(names))}</summary>"
        for text in own:
            yield from paragraphs(text)
        yield from ([f"<p class=soft>{escaped(', '.join(names))}</p>"] if len(names) > _MANY else [])
        yield "</details>"
    known = f"At {_named(others)}, and where" if others else "Where"
    yield f"<p>{escaped(known)} nobody knows the storage: as said first.</p>"


def _named(names: list[str]) -> str:
    few = names[:_MANY]
    return ", ".join(few) if len(names) <= _MANY else f"{', '.join(few)} and {len(names) - _MANY} more"


def _what_decides(e: FindingText) -> Iterator[str]:
    command = "s3probe lint" if e.state == "linted" else "s3probe check"
    yield from paragraphs(state_of(e))
    yield "<p>Where Mastodon runs:</p>"
    yield f"<pre>{command} /home/mastodon/live/.env.production</pre>"


@cache
def _taken_for() -> Mapping[str, tuple[str, ...]]:
    """By finding those whose own text tells them from it."""
    found: dict[str, list[str]] = defaultdict(list)
    for finding_id in ids():
        for name in {match["id"] for text in entry(finding_id).told_apart for match in _WORDS.finditer(text)}:
            found[name].append(finding_id)
    return {name: tuple(others) for name, others in found.items()}


def paragraphs(text: str) -> Iterator[str]:
    """Text as ``explain`` writes it; indented lines are there to be copied."""
    for said, command in parts_of(text):
        yield f"<p>{_inline(said)}</p>" if said else f"<pre>{escaped(command)}</pre>"


def _inline(text: str) -> str:
    """A line as HTML: names of findings lead to their pages, and what a program reads is shown as that."""
    parts, end = [], 0
    for found in _WORDS.finditer(text):
        word = escaped(found[0])
        if found["id"] is None:
            word = f"<code>{word}</code>"
        elif found[0] in ids():
            word = f'<a href="{word}.html">{word}</a>'
        parts += [escaped(text[end : found.start()]), word]
        end = found.end()
    return "".join([*parts, escaped(text[end:])])


def _list(items: Iterable[str]) -> Iterator[str]:
    yield "<ul>"
    yield from (f"<li>{item}</li>" for item in items)
    yield "</ul>"
