"""What s3probe overrides or reads of other packages' classes is still there, and still used there.

A private name may vanish in any release: the override would then never be called, and nobody would hear of it. The
test of a row names the one that did. Before a bound in pyproject.toml is moved, these tests run on that release; the
lower bounds have been tried with the whole of tests/probe/test_transport*.py.
"""

from __future__ import annotations

import ast
import http.client
import http.server
import inspect
import pkgutil
import re
import socketserver
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Any

import botocore.auth
import botocore.awsrequest
import moto.moto_server.werkzeug_app
import pytest
import urllib3.connection
import urllib3.connectionpool
import urllib3.poolmanager
import urllib3.response
import urllib3.util.connection
import urllib3.util.ssl_match_hostname
from urllib3.connectionpool import HTTPConnectionPool

import s3probe
from tests.every import every
from tests.test_rooms import sources

pytestmark = pytest.mark.neighbours("the sources")

ONE_MODULE = "s3probe.probe.connection"
"""The only one that may touch names with an underscore."""
FOREIGN = ("urllib3", "botocore", "http", "ssl", "socket", "socketserver", "werkzeug", "moto")


@dataclass(frozen=True, slots=True)
class Name:
    """A name of another package on which s3probe rests, though it is private or nowhere documented."""

    owner: Any
    """The class or module that has it."""
    name: str
    why: str
    takes: tuple[str, ...] | None = None
    """For a method: its parameters, as our override or our call has them."""
    user: ModuleType | None = None
    """The module that must still use the name, or our override is dead; ``None``: s3probe alone uses it."""

    @property
    def full(self) -> str:
        owner = self.owner
        return (
            f"{owner.__name__ if inspect.ismodule(owner) else f'{owner.__module__}.{owner.__qualname__}'}.{self.name}"
        )


CLIENT, AWS = http.client, botocore.awsrequest
CONNECTION, POOL, MANAGER = urllib3.connection, urllib3.connectionpool, urllib3.poolmanager
AUTH = botocore.auth
HttpConnection = CONNECTION.HTTPConnection

NAMES = (
    # http.client: interim answers, the answer that came before the body
    Name(CLIENT.HTTPResponse, "_read_status", "skips 1xx answers other than 100, and not without end", (), CLIENT),
    Name(CLIENT.HTTPResponse, "fp", "the headers of an interim answer are read from it", None, CLIENT),
    Name(CLIENT.HTTPConnection, "response_class", "makes every answer one of ours", None, CLIENT),
    Name(CLIENT.HTTPConnection, "_tunnel", "tells the proxy's answer from the storage's", (), CONNECTION),
    Name(CLIENT.HTTPConnection, "_tunnel_host", "whom the tunnel leads to", None, CONNECTION),
    Name(CLIENT.HTTPConnection, "_tunnel_port", "the same", None, CONNECTION),
    Name(CLIENT.HTTPConnection, "sock", "what comes before the body is read from it", None, CONNECTION),
    Name(CLIENT.BadStatusLine, "line", "shows what was sent in place of HTTP", None, CLIENT),
    # botocore: how a body waits for "100 Continue"
    Name(AWS.AWSConnection, "_handle_expect_response", "botocore's own loses answers, or never returns",
         ("message_body",), AWS),
    Name(AWS.AWSConnection, "_response_received", "keeps the body back once the answer is there", None, AWS),
    Name(AWS.AWSHTTPResponse, "_status_tuple", "takes the status line that was read already", None, AWS),
    # botocore: the arithmetic of signatures
    Name(AUTH.HmacV1Auth, "canonical_standard_headers", "signs the Date that is sent", ("headers",), AUTH),
    Name(AUTH.HmacV1Auth, "canonical_string", "signs V2",
         ("method", "split", "headers", "expires", "auth_path")),
    Name(AUTH.HmacV1Auth, "sign_string", "signs V2", ("string_to_sign",)),
    Name(AUTH.S3SigV4Auth, "headers_to_sign", "signs the headers that aws-sigv4 signs", ("request",), AUTH),
    Name(AUTH.S3SigV4Auth, "signed_headers", "names them", ("headers_to_sign",)),
    Name(AUTH.S3SigV4Auth, "canonical_request", "signs V4", ("request",)),
    Name(AUTH.S3SigV4Auth, "string_to_sign", "signs V4", ("request", "canonical_request")),
    Name(AUTH.S3SigV4Auth, "signature", "signs V4", ("string_to_sign", "request")),
    Name(AUTH.S3SigV4Auth, "scope", "names the region and the day", ("request",)),
    Name(AUTH.S3SigV4Auth, "payload", "the hash of the body", ("request",)),
    # urllib3: one connection
    Name(HttpConnection, "_new_conn", "connects within the exchange's time, by our resolver", (), CONNECTION),
    Name(HttpConnection, "_dns_host", "the host as it was written, with a dot at its end", None, CONNECTION),
    Name(HttpConnection, "proxy_is_forwarding", "a proxy without a tunnel takes the whole URL", None, CONNECTION),
    Name(HttpConnection, "connect", "notes that nothing was sent before", (), CLIENT),
    Name(CLIENT.HTTPConnection, "send", "notes that bytes go out", ("data",), CLIENT),
    Name(HttpConnection, "request", "writes the call as it stands", ("method", "url", "body", "headers"), POOL),
    Name(HttpConnection, "getresponse", "notes that the answer is being waited for", (), POOL),
    # urllib3: the connections that are kept
    Name(HttpConnection, "is_connected", "session tickets do not end a connection", None, urllib3.util.connection),
    Name(HTTPConnectionPool, "ConnectionCls", "makes every connection one of ours", None, POOL),
    Name(HTTPConnectionPool, "_get_conn", "lets no connection rest so long that it may be dead", ("timeout",), POOL),
    Name(HTTPConnectionPool, "_put_conn", "keeps none whose body was never sent", ("conn",), POOL),
    Name(HTTPConnectionPool, "_new_conn", "opens one for a call to come", (), POOL),
    Name(HTTPConnectionPool, "pool", "None once it is closed", None, POOL),
    Name(MANAGER.PoolManager, "pool_classes_by_scheme", "makes every pool one of ours", None, MANAGER),
    Name(urllib3.util.ssl_match_hostname.CertificateError, "_peer_cert", "for which names the certificate is", None,
         CONNECTION),
    Name(urllib3.response.HTTPResponse, "read1", "gives what has come, without waiting for more",
         ("amt", "decode_content")),
    # the sandbox
    Name(http.server.BaseHTTPRequestHandler, "disable_nagle_algorithm", "an answer in pieces must not wait"),
    Name(socketserver.ThreadingMixIn, "process_request_thread", "speaks TLS in the connection's own thread",
         ("request", "client_address"), socketserver),
    Name(moto.moto_server.werkzeug_app, "create_backend_app", "moto as a store in this process", ("service",)),
)  # fmt: skip

DOCUMENTED = frozenset(
    {
        *("recv_into", "sendall", "do_handshake", "host", "port", "proxy"),
        *("handle_error", "daemon_threads", "block_on_close", "allow_reuse_address", "request_queue_size"),
        *("process_request", "server", "protocol_version", "handle_one_request", "handle_expect_100"),
        *("send_error", "log_message"),
    }
)
"""What the manuals of Python and of urllib3 offer for overriding and reading."""


def _source(of: Any) -> str:
    return inspect.getsource(of if inspect.ismodule(of) else import_module(of.__module__))


def _is_there(row: Name) -> bool:
    """Whether the class has it, or sets it on its instances."""
    kinds = [kind for kind in getattr(row.owner, "__mro__", ()) if kind.__module__.partition(".")[0] in FOREIGN]
    homes = {_source(kind) for kind in kinds} | ({_source(row.user)} if row.user else set())
    set_there = re.compile(rf"\b\w+\.{row.name}\b(?:: [^=\n]+)? = ")
    return hasattr(row.owner, row.name) or any(set_there.search(home) for home in homes)


def trouble(row: Name) -> str:
    """What has become of the name; the blank string when nothing has."""
    if not _is_there(row):
        return f"{row.full} has vanished. s3probe needs it: {row.why}"
    if row.takes is not None:
        found = list(inspect.signature(getattr(row.owner, row.name)).parameters.values())
        found = found[1:] if inspect.isclass(row.owner) else found
        names = tuple(one.name for one in found[: len(row.takes)])
        more = [
            one.name for one in found[len(row.takes) :] if one.default is one.empty and one.kind < one.VAR_POSITIONAL
        ]
        if names != row.takes or more:
            return f"{row.full} takes {(*names, *more)} and not {row.takes}. s3probe needs it: {row.why}"
    if row.user is not None and not re.search(rf"\.{row.name}\b", _source(row.user)):
        return f"{row.full} is not used by {row.user.__name__} any more. s3probe needs it: {row.why}"
    return ""


@every("row", NAMES, ids=lambda row: row.full)
def test_the_name_is_still_there(row: Name) -> None:
    assert trouble(row) == ""


def test_a_name_that_vanished_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    (row,) = (row for row in NAMES if row.name == "_put_conn")
    monkeypatch.delattr(HTTPConnectionPool, "_put_conn")
    assert trouble(row).startswith("urllib3.connectionpool.HTTPConnectionPool._put_conn has vanished")


def test_a_method_that_takes_something_else_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    (row,) = (row for row in NAMES if row.name == "_get_conn")
    monkeypatch.setattr(HTTPConnectionPool, "_get_conn", lambda self, timeout, deadline: (self, timeout, deadline))
    assert "takes ('timeout', 'deadline') and not ('timeout',)" in trouble(row)


def test_a_name_that_nobody_uses_any_more_is_named() -> None:
    assert "is not used by http.client any more" in trouble(
        Name(HTTPConnectionPool, "_put_conn", "a test", None, http.client)
    )


def _modules() -> Iterator[ModuleType]:
    for found in pkgutil.walk_packages(s3probe.__path__, "s3probe."):
        if not found.name.endswith("__main__"):
            yield import_module(found.name)


def overridden(kind: type) -> set[tuple[str, str]]:
    """Module and name of all that ``kind`` takes over from, or reads of, classes that are not ours."""
    foreign = [base for base in kind.__mro__ if base.__module__.partition(".")[0] in FOREIGN]
    ours = [base for base in kind.__mro__ if base.__module__.partition(".")[0] == "s3probe"] if foreign else []
    return {
        (own.__module__, name)
        for own in (*ours, *([kind] if foreign and kind not in ours else []))
        for name in {*vars(own), *inspect.get_annotations(own)}
        # an annotation without a value says that somebody else's class sets it
        if not name.startswith(("__", "_abc_"))
        and (name not in vars(own) or any(hasattr(base, name) for base in foreign))
    }


def unlisted(kind: type) -> list[str]:
    """What of :func:`overridden` the table does not have."""
    listed = DOCUMENTED | {row.name for row in NAMES if inspect.isclass(row.owner) and issubclass(kind, row.owner)}
    return sorted(f"{kind.__name__}.{name}" for _, name in overridden(kind) if name not in listed)


def test_every_override_is_in_the_table() -> None:
    kinds = {kind for module in _modules() for kind in vars(module).values() if inspect.isclass(kind)}
    ours = sorted((kind for kind in kinds if kind.__module__.startswith("s3probe.")), key=lambda kind: kind.__name__)
    assert sum(bool(overridden(kind)) for kind in ours) >= 9
    assert [name for kind in ours for name in unlisted(kind)] == []
    elsewhere = {(where, name) for kind in ours for where, name in overridden(kind) if name.startswith("_")}
    assert {where for where, _ in elsewhere} == {ONE_MODULE}


def test_an_override_that_is_not_in_the_table_is_named() -> None:
    class Careless(HTTPConnectionPool):
        _validate_conn = None  # type: ignore[assignment]  # any other private name

    assert unlisted(Careless) == ["Careless._validate_conn"]


_DOCUMENTED = "_exit"
"""``os._exit`` looks private, and is not."""


def _private_names_read(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            yield node.attr
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "getattr":
            yield from (
                each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)
            )
        elif isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in FOREIGN:
            yield from (alias.name for alias in node.names)


def _defined(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr
        elif isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (target.id for target in targets if isinstance(target, ast.Name))


def test_a_private_name_that_is_not_ours_is_read_in_one_module_and_is_in_the_table() -> None:
    trees = {f"s3probe.{module}": tree for module, tree in sources().items()}
    ours = {name for tree in trees.values() for name in _defined(tree)}
    read = {
        (module, name)
        for module, tree in trees.items()
        for name in _private_names_read(tree)
        if name.startswith("_") and not name.startswith("__") and name not in ours and name != _DOCUMENTED
    }
    assert {module for module, _ in read} == {ONE_MODULE}
    assert {name for _, name in read} - {row.name for row in NAMES} == set()
