"""What a provider's set-up is made of: its world, and the env file of whoever follows its documents."""

from __future__ import annotations

from s3probe.records import dataclass
from s3probe.sandbox.personality import Personality
from s3probe.sandbox.scenario import BUCKET, KEY_ID, SECRET, Scenario, custom, public_media, rights_by_policy
from s3probe.sandbox.statements import Statement
from s3probe.sandbox.world import Alias, Bucket, CorsRule, Endpoint, Instance


@dataclass(frozen=True, slots=True)
class ProviderSetup:
    """A provider's name in ``knowledge``, its API host and what the admin writes into the env file."""

    provider: str
    personality: Personality
    host: str
    region: str
    env: tuple[tuple[str, str], ...] = ()
    """Beside bucket, region, endpoint, host name and keys."""
    alias: str = ""
    """``S3_ALIAS_HOST``, with a path where the provider has one."""
    opened_by_policy: bool = True
    """A policy, a switch or another service of the provider's opens the media; otherwise each file's ACL does."""
    wildcard: bool = True
    known: tuple[str, ...] = ()
    """Findings that stay whatever the admin does, as the provider's documents say."""

    def scenario(self) -> Scenario:
        """The world and its env file."""
        rules = (CorsRule(("*",), ("GET", "HEAD"), max_age=3000),) if self.personality.cors_calls else ()
        policy: tuple[Statement, ...] = public_media() if self.opened_by_policy else ()
        policy += rights_by_policy(KEY_ID) if self.personality.policy_replaces_owner else ()
        host, _, path = self.alias.partition("/")
        named = (host,) if self.personality.web_port else ()
        bucket = Bucket(BUCKET, self.region, aliases=named, cors=rules, policy=policy)
        aliases = (Alias(host, BUCKET, self.host, path=f"/{path}" if path else ""),) if host else ()
        own = dict(self.env).get("S3_ALIAS_HOST", "")
        shown = (host or own or self.host, self.host)
        values = {
            "S3_BUCKET": BUCKET,
            "S3_REGION": self.region,
            "S3_ENDPOINT": f"https://{self.host}",
            "S3_HOSTNAME": self.host,
            **({"S3_ALIAS_HOST": self.alias} if self.alias else {}),
            **({"S3_PERMISSION": ""} if self.opened_by_policy else {}),
            **dict(self.env),
            "AWS_ACCESS_KEY_ID": KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET,
        }
        head = "LOCAL_DOMAIN=mastodon.example\nS3_ENABLED=true\n"
        text = head + "".join(f"{name}={value}\n" for name, value in values.items())
        made = Scenario(custom().world, text).with_world(
            buckets=(bucket,),
            endpoints=(Endpoint(self.host, self.region, self.wildcard),),
            personality=self.personality,
            aliases=aliases,
            instance=Instance(media_hosts=tuple(dict.fromkeys(shown))),
        )
        # whose keys live in tenants, they may do everything there
        whole = (Statement("Allow", ("s3:*",), ("*",)),) if self.personality.tenant else made.user.identity
        identity = () if self.personality.policy_replaces_owner else whole
        return made.with_user(access_key=KEY_ID, secret=SECRET, identity=identity)
