"""A web server's lines for one host, by section; a line takes the place of the one of its kind."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

Lines = tuple[str, ...]


@dataclass(frozen=True)
class SiteLines:
    """``sections``: what stands in each of the parts that ``text`` puts together."""

    language: str
    sections: tuple[tuple[str, Lines], ...]

    def lines(self, section: str) -> Lines:
        return dict(self.sections).get(section, ())

    def changed(self, section: str, lines: Lines) -> SiteLines:
        return replace(self, sections=tuple({**dict(self.sections), section: lines}.items()))

    def plus(self, section: str, *lines: str, first: bool = False) -> SiteLines:
        """With these lines at the section's end, or its beginning, each in place of the ones of its kind."""
        before, there = list[str](), list(self.lines(section))
        for line in lines:
            kind = kind_of(self.language, line)
            places = [i for i, one in enumerate(there) if kind is not None and kind_of(self.language, one) == kind]
            if places:
                there[places[0]] = line
                there = [one for i, one in enumerate(there) if i not in places[1:]]
            else:
                (before if first else there).append(line)
        return self.changed(section, (*before, *there))

    def without(self, start: str) -> SiteLines:
        """Without the lines that begin so."""
        return replace(
            self,
            sections=tuple(
                (name, tuple(line for line in lines if not line.startswith(start))) for name, lines in self.sections
            ),
        )

    def without_any(self, text: str) -> SiteLines:
        """Without the lines that hold ``text``."""
        kept = ((name, tuple(line for line in lines if text not in line)) for name, lines in self.sections)
        return replace(self, sections=tuple(kept))

    def with_text(self, pattern: str, text: str) -> SiteLines:
        """With ``text`` where the pattern matches."""
        changed = ((name, tuple(re.sub(pattern, text, line) for line in lines)) for name, lines in self.sections)
        return replace(self, sections=tuple(changed))

    def section(self, name: str, head: str = "") -> str:
        lines = "\n".join(f"    {line}" for line in self.lines(name))
        return f"{head}\n{lines}" if lines and head else lines

    def text(self) -> str:
        """All of it, as the program reads it."""
        if self.language == "caddy":
            upstream, *rest = self.lines("upstream") or ("",)
            inside = "\n".join(f"\t\t{line}" for line in self.lines("proxy"))
            site = "\n".join(f"\t{line}" for line in (*self.lines("site"), *rest))
            return f"{site}\n\t{upstream} {{\n{inside}\n\t}}" if upstream else site
        if self.language == "varnish":
            subs = [
                f"sub {name} {{\n" + "\n".join(f"    {line}" for line in lines) + "\n}\n"
                for name, lines in self.sections
                if name.startswith("vcl_") and lines
            ]
            return "vcl 4.1;\n" + "\n".join(self.lines("top")) + "\n" + "\n".join(subs)
        return "\n".join(line for _name, lines in self.sections for line in lines)


_KINDS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "caddy": (
        (r"header_(up|down) [-+>?]?([\w-]+)", "header_{0} {1}"),
        (r"header [-+>?]?([\w-]+)", "header {0}"),
        (r"(reverse_proxy)\b", "{0}"),
        (r"@(\w+)", "@{0}"),
    ),
    "haproxy": (
        (r"http-(request|response) (?:set|del|add|replace)-header ([\w-]+)", "http-{0} header {1}"),
        (r"(server|option httpchk|http-request set-path|http-request set-uri|http-check)\b", "{0}"),
    ),
    "apache": (
        (r"Header always \w+ ([\w-]+)", "Header always {0}"),
        (r"(Header|RequestHeader) \w+ ([\w-]+)", "{0} {1}"),
        (r"(ProxyPass|ProxyPassReverse|ProxyPreserveHost|SSLProxyEngine)\b", "{0}"),
        (r"<(\w+) ([^>]*)>", "<{0} {1}>"),
    ),
    "varnish": (
        (r"(?:un)?set (\w+\.http\.[\w-]+)", "{0}"),
        (r"set (\w+\.\w+)", "{0}"),
        (r"backend (\w+)", "backend {0}"),
    ),
}  # fmt: skip


def kind_of(language: str, line: str) -> str | None:
    """What ``line`` sets; ``None`` where several lines of its kind may stand beside one another."""
    for pattern, form in _KINDS[language]:
        if found := re.match(pattern, line, re.IGNORECASE):
            return form.format(*found.groups()).lower()
    return None


_SUB = re.compile(r"sub (\w+) \{\n(.*?)\n\}", re.DOTALL)
_RULE_ON = re.compile(r"Remove the rule on ([\w.-]+)")
_GONE = re.compile(r"Remove (.+?)\.(?= |$)")


def fixed(config: SiteLines, lines: str, note: str, place: str) -> SiteLines:
    """With a fix carried out to the letter: ``lines`` at ``place``, and without what ``note`` says must go."""
    for found in _GONE.finditer(note):
        config = _without_what(config, found[1])
    if not lines:
        return config
    return _PLACED[config.language](config, lines, place)


def _without_what(config: SiteLines, what: str) -> SiteLines:
    if what.startswith("the rule on "):
        for subject in re.split(r", | and | or ", what.removeprefix("the rule on ")):
            config = _without_rule(config, subject.rstrip("/"))
        return config
    for start in re.split(r", | and | or ", what):
        if start == "the path behind the host in ProxyPass":
            config = config.with_text(r'(ProxyPass "/" "https?://[^/"]+/)[^"]*"', r'\1"')
            continue
        flag = start.removeprefix("each RewriteRule with the flag ")
        config = config.without(start) if flag == start else config.without_any(f"[{flag}")
    return config


def _without_rule(config: SiteLines, subject: str) -> SiteLines:
    """Without the lines that decide by ``subject``, and those that go with them."""
    sections = []
    for name, lines in config.sections:
        kept: list[str] = []
        named: set[str] = set()
        follows = False
        for line in lines:
            decides = subject.lower() in line.lower() and not line.startswith(
                ("header_up", "http-request set-header", "set ")
            )
            if decides and line.startswith("@"):
                named.add(line.split()[0])
            depends = any(f" {one} " in f"{line} " for one in named) or (follows and line.startswith("RewriteRule"))
            follows = decides and line.startswith("RewriteCond")
            if not decides and not depends:
                kept.append(line)
        sections.append((name, tuple(kept)))
    return replace(config, sections=tuple(sections))


def _into_caddy(config: SiteLines, lines: str, place: str) -> SiteLines:
    if "in place of its reverse_proxy block" in place:
        before, block = re.fullmatch(r"(.*?)(reverse_proxy [^\n]+ \{\n.*\n\})", lines, re.DOTALL).groups()  # type: ignore[union-attr]
        head, *inside, _end = block.split("\n")
        config = config.changed("upstream", (head.removesuffix(" {"),)).changed(
            "proxy", tuple(one.strip() for one in inside)
        )
        config = config.without("rewrite").without("uri").without("handle_path")
        return config.plus("site", *filter(None, before.split("\n")))
    if place.startswith("the reverse_proxy block"):
        return config.plus("proxy", *lines.split("\n"))
    return config.plus("site", *_statements(lines))


def _statements(lines: str) -> list[str]:
    """Lines, each block as one."""
    found: list[str] = []
    depth = 0
    for line in lines.split("\n"):
        if depth:
            found[-1] += "\n" + line
        else:
            found.append(line)
        depth += line.count("{") - line.count("}") if not line.startswith("http-") else 0
        depth += len(re.findall(r"<\w", line)) - len(re.findall(r"</\w", line)) if "<" in line else 0
    return found


def _into_haproxy(config: SiteLines, lines: str, place: str) -> SiteLines:
    if "in place of what is there" in place:
        return config.changed("backend", tuple(lines.split("\n")))
    return config.plus("backend", *lines.split("\n"))


def _into_apache(config: SiteLines, lines: str, place: str) -> SiteLines:
    if "in place of its ProxyPass" in place:
        for start in ("ProxyPass", "ProxyPreserveHost"):
            config = config.without(start)
        config = config.without_any("[P]")
    return config.plus("vhost", *_statements(lines))


def _into_varnish(config: SiteLines, lines: str, _place: str) -> SiteLines:
    for name, body in _SUB.findall(lines):
        inside = _statements("\n".join(line.removeprefix("    ") for line in body.split("\n")))
        config = config.plus(name, *inside, first=True)
    if backend := re.search(r"backend default \{.*?\n\}", lines, re.DOTALL):
        config = config.changed("top", (backend[0],))
    return config


_PLACED = {"caddy": _into_caddy, "haproxy": _into_haproxy, "apache": _into_apache, "varnish": _into_varnish}
