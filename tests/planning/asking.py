"""What holds a plan to its promise that it asks nothing."""

from __future__ import annotations

import socket

import pytest


def nobody_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets every look-up and every connection fail: a plan needs none."""

    def refuse(*_args: object, **_kwargs: object) -> None:
        raise AssertionError("a plan asks nothing")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
