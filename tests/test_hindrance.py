"""What a process runs out of by itself is told from what others do to it."""

from __future__ import annotations

import errno
import os
import socket
import ssl

import pytest

from s3probe.hindrance import HinderedError, hindrance


def os_error(number: int) -> OSError:
    return OSError(number, os.strerror(number))


def wrapped(inner: Exception) -> Exception:
    """As urllib3 and requests hand it on."""
    try:
        try:
            raise inner
        except Exception:
            raise ConnectionError("outer") from None
    except ConnectionError as outer:
        return outer


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (os_error(errno.EMFILE), "no more files"),
        (os_error(errno.ENFILE), "no more files"),
        (os_error(errno.ENOMEM), "no memory"),
        (os_error(errno.ENOBUFS), "buffers"),
        (MemoryError(), "no memory"),
        (RuntimeError("can't start new thread"), "no thread"),
        (ImportError("libffi.so.8: failed to map segment from shared object"), "no memory"),
        (SystemError("error return without exception set"), "no memory"),
        (ssl.SSLError(1, "[SSL: MALLOC_FAILURE] malloc failure (_ssl.c:1)"), "no memory"),
        (HinderedError("the words"), "the words"),
    ],
)
def test_its_own_trouble_is_named(error: Exception, words: str) -> None:
    assert words in hindrance(error)
    assert words in hindrance(wrapped(error))


@pytest.mark.parametrize(
    "error",
    [
        *map(os_error, (errno.ECONNREFUSED, errno.ECONNRESET, errno.ENETUNREACH, errno.ENOSPC, errno.EACCES)),
        socket.gaierror(socket.EAI_NONAME, "Name or service not known"),
        ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number"),
        RuntimeError("cannot schedule new futures"),
        ModuleNotFoundError("No module named 'moto'"),
        TimeoutError("timed out"),
        SystemError("bad argument to internal function"),
    ],
)
def test_what_others_do_is_not(error: Exception) -> None:
    assert hindrance(error) == hindrance(wrapped(error)) == ""
