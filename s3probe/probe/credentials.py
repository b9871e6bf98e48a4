"""The key pair that signs when the settings name none: the SDK's own chain, as Mastodon would use it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from s3probe.hindrance import HinderedError, hindrance
from s3probe.probe.aside import Aside
from s3probe.probe.descriptors import short_of_descriptors
from s3probe.probe.packed import sdk_data
from s3probe.secret import Secret
from s3probe.settings.mastodon import NO_ROLE_FILE
from s3probe.settings.model import Credentials, Settings

if TYPE_CHECKING:
    from botocore.session import Session

CHAIN_SECONDS = 10.0
"""For the whole chain: a program, a container's agent and a metadata service can hang, or answer byte by byte."""
_TOKEN_FILES = ("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")


class ChainError(Exception):
    """Why the chain could not be asked to its end. Its text says so; ``advice`` says what to do."""

    advice = ""


class ChainTimeoutError(ChainError):
    """It was still at work when its time was up."""

    advice = "Run the credential_process of the profile by hand, and see that the metadata service answers."


class ChainRaisesError(ChainError):
    """Mastodon's SDK raises before it looks any further."""

    advice = "Let the token be mounted there, or remove AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE."


class ChainFileError(ChainError):
    """A file that it reads has no end, or never a beginning."""

    advice = "Name an ordinary file there."


def chain(settings: Settings, seconds: float = CHAIN_SECONDS) -> Credentials | None:
    """Shared files, profile, web identity, container, instance role, in the SDK's order; ``None``: nothing found.

    Asked only when ``AWS_ACCESS_KEY_ID`` or ``AWS_SECRET_ACCESS_KEY`` is absent or blank: with both set, Mastodon
    passes them explicitly and nothing else is looked at (config/initializers/paperclip.rb). Takes ``seconds`` at most;
    raises :class:`ChainTimeoutError` then, :class:`ChainFileError`, and :class:`HinderedError` where this process
    lacked something: not to have found a pair proves nothing where no file could be opened.
    """
    if settings.credentials is not None:
        return settings.credentials
    _demand_token(settings)
    profile = settings.environment.get("AWS_PROFILE") or None
    # the SDK waits for a program without end, and looks at no total time
    asking = Aside("credentials", lambda: _asked(profile))
    try:
        ended = asking.wait(seconds)
    finally:
        if (thread_id := asking.thread_id) is not None:
            _end_children_of(thread_id)
    if not ended:
        raise ChainTimeoutError(f"the SDK's own chain (files, profile, role) gave no key pair within {seconds:g} s")
    found = asking.result()
    if found is None and (lacking := short_of_descriptors()):
        raise HinderedError(lacking)
    return found


def _demand_token(settings: Settings) -> None:
    """Raises :class:`ChainRaisesError` for a role whose token file is not there (credential_provider_chain.rb)."""
    environment = settings.environment
    file = environment.get(_TOKEN_FILES[0])
    if environment.get("AWS_ROLE_ARN") is not None and file is not None and not os.path.exists(file):  # noqa: PTH110  # takes any text
        raise ChainRaisesError(f"{_TOKEN_FILES[0]} names {file}, which is not there: Mastodon raises {NO_ROLE_FILE}")


def _asked(profile: str | None) -> Credentials | None:
    import boto3
    from botocore.session import get_session

    try:
        core = get_session()
        # one short try at the metadata address: a machine without a role must not wait for it
        core.set_config_variable("metadata_service_timeout", 1)
        core.set_config_variable("metadata_service_num_attempts", 1)
        with sdk_data() as folder:
            if folder:
                core.set_config_variable("data_path", folder)
            session = boto3.Session(profile_name=profile, botocore_session=core)
            _demand_ordinary_files(core)
            given = session.get_credentials()
            if given is None:
                return None
            frozen = given.get_frozen_credentials()
    except ChainFileError:
        raise
    except Exception as error:  # of botocore, of a program that is not there, of an answer that is none
        if lacking := hindrance(error):
            raise HinderedError(lacking) from None
        return None
    if not frozen.access_key or not frozen.secret_key:
        return None
    token = Secret(frozen.token) if frozen.token else None
    return Credentials(frozen.access_key, Secret(frozen.secret_key), token, source=f"chain:{given.method}")


def _demand_ordinary_files(core: Session) -> None:
    """Raises :class:`ChainFileError` for a token that is a pipe or a device: the SDK reads those without end."""
    for name, file in _token_files(core):
        if Path(file).exists() and not Path(file).is_file():
            raise ChainFileError(f"{name} names {file}, which is not an ordinary file")


def _token_files(core: Session) -> Iterator[tuple[str, str]]:
    yield from ((name, os.environ[name]) for name in _TOKEN_FILES if os.environ.get(name))
    if named := core.get_scoped_config().get("web_identity_token_file"):
        yield "web_identity_token_file", str(Path(named).expanduser())


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
