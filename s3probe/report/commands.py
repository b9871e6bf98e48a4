"""Shows a row's request as a command that makes it without s3probe, by ``aws`` where that can, else by ``curl``.

Keys are read from the environment by the shell: they stand in no line and in no list of processes. Any POSIX shell will
do.
"""

from __future__ import annotations

import math
import re
import shlex
from collections.abc import Iterator
from types import MappingProxyType

from s3probe.evidence.asked import PlainRequest, Signature
from s3probe.evidence.observations import NetworkFault, Observation
from s3probe.evidence.vocabulary import PAIR_EXPERIMENTS, Experiment
from s3probe.records import dataclass, replace
from s3probe.redact import HIDDEN
from s3probe.report import aws_commands, curl_commands, sample_files
from s3probe.report.model import KEY_NAMES, PROXY_NAME
from s3probe.settings.model import PROCESS_ENVIRONMENT, STANDARD_INPUT

_OTHER_PAIR = frozenset({*PAIR_EXPERIMENTS, Experiment.WRONG_SECRET, Experiment.UNKNOWN_KEY})
"""Signed with something else than the key pair of the file."""
_DELETING = frozenset({"DeleteObject", "DeleteObjects"})
_IN_PARTS = frozenset({"CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload", "AbortMultipartUpload"})
_BY_A_KEY = (Signature.V4, Signature.V2)
_SLOW = frozenset({NetworkFault.READ_TIMEOUT, NetworkFault.DEADLINE, NetworkFault.CONNECT_TIMEOUT})
_UPLOAD_ID = "sed -n 's:.*<UploadId>\\([^<]*\\)</UploadId>.*:\\1:p'"
_ETAG = "sed -n 's/^[Ee][Tt][Aa][Gg]: *//p' | tr -d '\\r'"


def command(row: Observation, *, aws: bool = True) -> str:
    """The lines that make the request of a failed row, what it needs before and what takes away what it left.

    ``""`` for what no other program can ask, and for what is signed with another pair than that of the file. ``aws``:
    whether that program may be used; links are made by it in any case.
    """
    asked = row.asked
    if asked is None or asked.request is None or row.id in _OTHER_PAIR:
        return ""
    before, after = _around(row, asked.request, asked.before)
    script = _Script(row, asked.request, before, (*asked.after, *after), aws)
    return "" if script.is_impossible else "\n".join(script.lines())


def _around(
    row: Observation, main: PlainRequest, before: tuple[PlainRequest, ...]
) -> tuple[tuple[PlainRequest, ...], tuple[PlainRequest, ...]]:
    """What has to be there before a request, and what takes away what is there afterwards."""
    if main.operation in _DELETING and (row.http_status is None or row.http_status >= 400):
        before = ()  # who may not delete is refused whatever is there, and could not take it away again
    if main.operation not in _IN_PARTS:
        before = _in_one_piece(before)
    after = []
    signed = next((one for one in (*before, main) if one.signature in _BY_A_KEY), None)
    made = [one for one in (*before, main) if one.operation in ("PutObject", "CopyObject", "CompleteMultipartUpload")]
    if signed is not None and main.operation not in _DELETING:
        urls = dict.fromkeys(one.url.partition("?")[0] for one in made)
        after += [_removing("DeleteObject", url, signed) for url in urls]
    begun = next((one for one in (*before, main) if one.operation == "CreateMultipartUpload"), None)
    if begun is not None and main.operation != "AbortMultipartUpload":
        url = begun.url.partition("?")[0]
        after.append(_removing("AbortMultipartUpload", f"{url}?uploadId=", begun))
    return before, tuple(after)


def _removing(operation: str, url: str, like: PlainRequest) -> PlainRequest:
    none = MappingProxyType[str, str]({})
    return replace(like, operation=operation, method="DELETE", url=url, sent_headers=none, text="", size=0)


def _in_one_piece(before: tuple[PlainRequest, ...]) -> tuple[PlainRequest, ...]:
    """An upload in parts as a plain one: what is asked of the file afterwards is the same."""
    begun = next((one for one in before if one.operation == "CreateMultipartUpload"), None)
    part = next((one for one in before if one.operation == "UploadPart"), None)
    others = tuple(one for one in before if one.operation not in _IN_PARTS)
    if begun is None or part is None:
        return others
    kept = {name: value for name, value in begun.sent_headers.items() if name.lower() != "x-amz-checksum-algorithm"}
    kept |= {name: value for name, value in part.sent_headers.items() if name.lower() != "content-type"}
    url = begun.url.partition("?")[0]
    return (replace(part, operation="PutObject", url=url, sent_headers=MappingProxyType(kept)), *others)


@dataclass(frozen=True, slots=True)
class _Script:
    row: Observation
    main: PlainRequest
    before: tuple[PlainRequest, ...]
    after: tuple[PlainRequest, ...]
    aws: bool

    @property
    def all(self) -> tuple[PlainRequest, ...]:
        return (*self.before, self.main, *self.after)

    @property
    def by_aws(self) -> bool:
        return self.aws and aws_commands.can(self.row, self.all)

    @property
    def is_impossible(self) -> bool:
        """Whether something in it was hidden, or nobody but s3probe signs so."""
        hidden = any(HIDDEN in text for one in self.all for text in (one.url, one.text, *one.sent_headers.values()))
        old = any(one.signature is Signature.V2 and (one.token or self._has_begun) for one in self.all)
        linked = self.main.signature is Signature.LINK and not aws_commands.can_link(self.main)
        return hidden or linked or old

    def lines(self) -> Iterator[str]:
        by_curl = [] if self.by_aws else [one for one in self.all if one.signature in _BY_A_KEY]
        named = len(by_curl) > 1
        body = list(sample_files.making(self.all, framed=not self.by_aws))
        if self.by_aws or self.main.signature is Signature.LINK:
            body += aws_commands.settings(next(one for one in self.all if one.signature is not Signature.NONE))
        body += curl_commands.functions(by_curl)
        body += [line for one in self.before for line in self._before(one, named=named)]
        body += self._main(named=named)
        after = [self._quiet(one, named=named, needed=False) for one in self.after]
        if self.main.operation == "CreateMultipartUpload":
            after = [f'[ -z "$id" ] || {line}' for line in after]
        elif after and not self.before:  # where it fails there is nothing to be taken away
            body[-1] = f"{body[-1]} &&"
        body += after
        if any('"$d/' in line for line in body):
            body.insert(0, sample_files.FOLDER)
        if len(body) == 1:
            yield from body
        else:
            yield f"({body[0]}"
            yield from body[1:]
            yield ")"

    def _before(self, request: PlainRequest, *, named: bool) -> Iterator[str]:
        if request.operation == "CreateMultipartUpload":
            if self.by_aws:
                yield f"id=$({aws_commands.call(request)} --query UploadId --output text)"
            else:
                yield f"id=$({curl_commands.call(request, ['-f'], named=named)} | {_UPLOAD_ID})"
        elif request.operation == "UploadPart" and self.main.operation == "CompleteMultipartUpload":
            told = ["-f", "-D -", "-o /dev/null"]
            yield f"etag=$({curl_commands.call(request, told, named=named, upload=True)} | {_ETAG})"
        else:
            yield self._quiet(request, named=named, needed=True)

    def _main(self, *, named: bool) -> Iterator[str]:
        main, upload = self.main, self._has_begun
        if main.signature is Signature.LINK:
            yield f"link=$({aws_commands.link(main)})"
            if main.expires < 0:
                yield "sleep 3"  # until the time of the link is up
            yield curl_commands.link(main)
        elif main.operation == "CreateMultipartUpload":
            yield from self._beginning(named=named)
        elif self.by_aws and main.signature in _BY_A_KEY:
            yield aws_commands.call(main, upload=upload)
        elif main.operation == "CompleteMultipartUpload":
            part = next((one for one in self.before if one.operation == "UploadPart"), main)
            yield _completing(main.text, part)
            yield curl_commands.call(main, self._shown(), named=named, upload=upload, etag=True)
        else:
            yield curl_commands.call(main, self._shown(), named=named, upload=upload)

    def _beginning(self, *, named: bool) -> Iterator[str]:
        """The answer is shown, and the id in it is kept for the end of what was begun."""
        if self.by_aws:
            yield f"id=$({aws_commands.call(self.main)} --query UploadId --output text)"
            yield 'echo "$id"'
        else:
            yield f'{curl_commands.call(self.main, self._shown(), named=named)} | tee "$d/answer"'
            yield f'id=$({_UPLOAD_ID} "$d/answer")'

    def _shown(self) -> list[str]:
        """How curl shows the answer: as it came, but no file."""
        slow = [f"-m {max(math.ceil(self.row.seconds), 1)}"] if self.row.network in _SLOW else []
        is_file = self.main.method == "GET" and 200 <= (self.row.http_status or 0) < 300 and "?" not in self.main.url
        if self.row.http_status == 417 or (self.row.network is NetworkFault.READ_TIMEOUT and self.main.size):
            slow += ["-H 'Expect: 100-continue'"]  # curl signs it, which Mastodon does not: only where it decides
        if self.main.method == "HEAD":
            return slow
        fails = ["--fail-with-body"] if self.after and not self.before else []
        return [*slow, *fails, *(["-D -", "-o /dev/null"] if is_file else ["-i"])]

    def _quiet(self, request: PlainRequest, *, named: bool, needed: bool) -> str:
        if self.by_aws and request.signature in _BY_A_KEY:
            return f"{aws_commands.call(request, upload=self._has_begun)} > /dev/null"
        told = ["-f", "-o /dev/null"] if needed else ["-o /dev/null"]
        return curl_commands.call(request, told, named=named, upload=self._has_begun)

    @property
    def _has_begun(self) -> bool:
        return any(one.operation == "CreateMultipartUpload" for one in (*self.before, self.main))


def _completing(document: str, part: PlainRequest) -> str:
    """The document that names the part, with what was said of the one that the script has sent."""
    crc = sample_files.crc32_of(sample_files.body_of(part))
    text = re.sub(r"(<ChecksumCRC32>)[^<]*", rf"\g<1>{crc}", document)
    start, mark, rest = text.partition("<ETag>")
    return f'body={shlex.quote(start + mark)}"$etag"{shlex.quote(rest[rest.find("<") :])}'


def loading(source: str, *, token: bool, proxy: bool = False, plain: bool = True) -> str:
    """What brings the keys of an env file into the shell, with nothing of them in the line; ``""`` for no file.

    ``proxy``: its address with the password, too. Where a value does not stand there as it is meant (not ``plain``: an
    escape, a comment, a reference), it is asked for: a shell would read it otherwise than Mastodon does.
    """
    files = source.split(", ")[::-1]  # the last word is that of the first
    if not source or PROCESS_ENVIRONMENT in files or STANDARD_INPUT in files:
        return ""
    names = " ".join([*KEY_NAMES[:2], *(KEY_NAMES[2:] if token else ()), *([PROXY_NAME] if proxy else [])])
    if not plain:
        return f"""for n in {names}; do printf '%s: ' "$n"; IFS= read -r "$n"; export "$n"; done"""
    pattern = (
        "s/^[[:space:]]*\\(export[[:space:]]*\\)*$n[[:space:]]*[=:][[:space:]]*[\\\"']*\\([^\\\"'[:space:]]*\\).*/\\2/p"
    )
    read = f'sed -n "{pattern}" {" ".join(map(shlex.quote, files))}'
    return f'for n in {names}; do export "$n=$({read} | tail -n 1)"; done'
