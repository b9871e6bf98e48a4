"""What this machine's own sockets tell of IPv4 and IPv6, tried on the loopback alone."""

from __future__ import annotations

import socket

import pytest

from s3probe.evidence.vocabulary import Fact
from s3probe.probe.machine import families_of, lies_inside


def test_a_listening_port_is_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        facts = families_of("127.0.0.1", server.getsockname()[1])
    assert facts[Fact.ADDRESSES] == facts[Fact.CONNECTS] == "ipv4"


def test_a_port_where_nobody_listens_is_not() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        facts = families_of("127.0.0.1", bound.getsockname()[1])
    assert (facts[Fact.ADDRESSES], facts[Fact.CONNECTS]) == ("ipv4", "")


def test_a_name_that_is_none_tells_nothing() -> None:
    assert families_of("", 443) == {} or families_of("", 443)[Fact.ADDRESSES]
    assert families_of("a..b", 443) == {}


@pytest.mark.parametrize(
    ("host", "inside"), [("127.0.0.1", True), ("10.0.0.5", True), ("8.8.8.8", False), ("a..b", False)]
)
def test_private_addresses_are_known(host: str, inside: bool) -> None:
    assert lies_inside(host) is inside
