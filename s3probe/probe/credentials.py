"""The key pair that signs when the settings name none: the SDK's own chain, as Mastodon would use it."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import suppress
from pathlib import Path

from s3probe.hindrance import HinderedError, hindrance
from s3probe.probe.descriptors import short_of_descriptors
from s3probe.probe.schedule import started
from s3probe.secret import Secret
from s3probe.settings.model import Credentials, Settings

CHAIN_SECONDS = 10.0
"""For the whole chain: a program, a container's agent and a metadata service can hang, or answer byte by byte."""
CHAIN_ADVICE = "Run the credential_process of the profile by hand, and see that the metadata service answers."


class ChainTimeoutError(Exception):
    """The chain was still at work when its time was up. Its text says so."""


def chain(settings: Settings, seconds: float = CHAIN_SECONDS) -> Credentials | None:
    """Shared files, profile, web identity, container, instance role, in the SDK's order; ``None``: nothing found.

    Asked only when ``AWS_ACCESS_KEY_ID`` or ``AWS_SECRET_ACCESS_KEY`` is absent or blank: with both set, Mastodon
    passes them explicitly and nothing else is looked at (config/initializers/paperclip.rb). Takes ``seconds`` at most;
    raises :class:`ChainTimeoutError` then, and :class:`HinderedError` where this process lacked something: not to have
    found a pair proves nothing where no file could be opened.
    """
    if settings.credentials is not None:
        return settings.credentials
    profile = settings.environment.get("AWS_PROFILE") or None
    found: list[Credentials | HinderedError | None] = []

    def ask() -> None:
        try:
            found.append(_asked(profile))
        except HinderedError as error:
            found.append(error)

    # a thread: the SDK waits for a program without end, and looks at no total time
    thread = threading.Thread(target=ask, name="s3probe-credentials", daemon=True)
    if started(thread):
        try:
            thread.join(seconds)
        finally:
            if thread.is_alive() and thread.native_id is not None:
                _end_children_of(thread.native_id)
    else:
        ask()
    if not found:
        raise ChainTimeoutError(f"the SDK's own chain (files, profile, role) gave no key pair within {seconds:g} s")
    if isinstance(found[0], HinderedError):
        raise found[0]
    if found[0] is None and (lacking := short_of_descriptors()):
        raise HinderedError(lacking)
    return found[0]


def _asked(profile: str | None) -> Credentials | None:
    import boto3
    from botocore.session import get_session

    try:
        core = get_session()
        # one short try at the metadata address: a machine without a role must not wait for it
        core.set_config_variable("metadata_service_timeout", 1)
        core.set_config_variable("metadata_service_num_attempts", 1)
        given = boto3.Session(profile_name=profile, botocore_session=core).get_credentials()
        if given is None:
            return None
        frozen = given.get_frozen_credentials()
    except Exception as error:  # of botocore, of a program that is not there, of an answer that is none
        if lacking := hindrance(error):
            raise HinderedError(lacking) from None
        return None
    if not frozen.access_key or not frozen.secret_key:
        return None
    token = Secret(frozen.token) if frozen.token else None
    return Credentials(frozen.access_key, Secret(frozen.secret_key), token, source=f"chain:{given.method}")


def _end_children_of(thread_id: int) -> None:
    """Ends the program that the chain waits for, and what that has started: else every run would leave one more."""
    children = _children(Path(f"/proc/self/task/{thread_id}"))
    for child in children:
        with suppress(OSError):
            os.kill(child, signal.SIGKILL)


def _children(task: Path) -> list[int]:
    """The processes that a thread has started, and theirs (proc(5)); none where the kernel does not tell."""
    try:
        own = [int(word) for word in (task / "children").read_text(encoding="ascii").split()]
    except OSError:
        return []
    return [*own, *(each for child in own for each in _children(Path(f"/proc/{child}/task/{child}")))]
