"""The key pair that signs when the settings name none: the SDK's own chain, as Mastodon would use it."""

from __future__ import annotations

from s3probe.hindrance import HinderedError, hindrance
from s3probe.probe.descriptors import short_of_descriptors
from s3probe.secret import Secret
from s3probe.settings.model import Credentials, Settings


def chain(settings: Settings) -> Credentials | None:
    """Shared files, profile, web identity, container, instance role, in the SDK's order; ``None``: nothing found.

    Asked only when ``AWS_ACCESS_KEY_ID`` or ``AWS_SECRET_ACCESS_KEY`` is absent or blank: with both set, Mastodon
    passes them explicitly and nothing else is looked at (config/initializers/paperclip.rb). Raises
    :class:`HinderedError`: not to have found a pair proves nothing where no file could be opened.
    """
    if settings.credentials is not None:
        return settings.credentials
    found = _asked(settings)
    if found is None and (lacking := short_of_descriptors()):
        raise HinderedError(lacking)
    return found


def _asked(settings: Settings) -> Credentials | None:
    import boto3
    from botocore.exceptions import BotoCoreError
    from botocore.session import get_session

    core = get_session()
    # one short try at the metadata address: a machine without a role must not wait for it
    core.set_config_variable("metadata_service_timeout", 1)
    core.set_config_variable("metadata_service_num_attempts", 1)
    try:
        profile = settings.environment.get("AWS_PROFILE") or None
        found = boto3.Session(profile_name=profile, botocore_session=core).get_credentials()
        if found is None:
            return None
        frozen = found.get_frozen_credentials()
    except BotoCoreError as error:
        if lacking := hindrance(error):
            raise HinderedError(lacking) from None
        return None
    if not frozen.access_key or not frozen.secret_key:
        return None
    token = Secret(frozen.token) if frozen.token else None
    return Credentials(frozen.access_key, Secret(frozen.secret_key), token, source=f"chain:{found.method}")
