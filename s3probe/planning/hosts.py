"""Which hosts get signed requests, and which only a visitor's; and by what rules others may be chosen."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping

from s3probe.evidence.vocabulary import ActionId, Actor
from s3probe.knowledge.regions import ANY_REGION
from s3probe.planning.circumstances import Circumstances
from s3probe.planning.model import HostRule, PlannedHost, PlannedSource, WhenAsked
from s3probe.planning.occasions import Addressee, Occasion
from s3probe.planning.places import origins, place_of
from s3probe.probe.browser import PAGE_HOPS
from s3probe.probe.experiments import LARGE
from s3probe.probe.fetching import HOPS
from s3probe.probe.own_files import ANNOUNCED, behind_a_proxy
from s3probe.probe.signing_rule import AWS_HOST, aws_patterns, named_hosts, provider_patterns
from s3probe.settings.addressing import is_aws
from s3probe.settings.cache_buster import cache_buster
from s3probe.settings.urls import split

WHY: Mapping[Addressee, str] = {
    Addressee.STORAGE: "the storage, by the address at which Mastodon asks for this bucket",
    Addressee.SERVICE: "the storage's API itself: whether the key may list buckets",
    Addressee.PUBLISHED: "where Mastodon publishes files",
    Addressee.ELSEWHERE: "another address that the picture could have, where a visitor cannot see it at the first",
    Addressee.PROVIDER: "where such a storage serves visitors, where one cannot see the picture",
    Addressee.INSTANCE: "the Mastodon server: which release it is, and whether its pages allow the media host",
    Addressee.TRIED: "where the storage would be under another line of the file, where no signed request gets through",
}


class _Hosts:
    """Adds up who is asked for what; the first reason of the surest kind is the one that is told."""

    def __init__(self) -> None:
        self._signed: dict[str, tuple[WhenAsked, str]] = {}
        self._visitor: dict[str, tuple[WhenAsked, str]] = {}

    def add(self, actor: Actor, turn: WhenAsked, place: Addressee, found: tuple[str, ...]) -> None:
        kinds = self._signed if actor is Actor.MASTODON else self._visitor
        for origin in found:
            before = kinds.get(origin, (WhenAsked.NEVER, ""))[0]
            if before is WhenAsked.NEVER or (turn is WhenAsked.ALWAYS and before is not WhenAsked.ALWAYS):
                kinds[origin] = turn, WHY[place]

    def planned(self) -> tuple[PlannedHost, ...]:
        order, no = (WhenAsked.ALWAYS, WhenAsked.AFTER_A_FAILURE, WhenAsked.NEVER), (WhenAsked.NEVER, "")
        names = dict.fromkeys((*self._signed, *self._visitor))
        hosts = [PlannedHost(each, *self._signed.get(each, no), *self._visitor.get(each, no)) for each in names]
        return tuple(sorted(hosts, key=lambda host: (order.index(host.signed), order.index(host.visitor))))


def hosts(
    around: Circumstances, actions: tuple[ActionId, ...], occasions: tuple[Occasion, ...]
) -> tuple[PlannedHost, ...]:
    """Every place that can be named beforehand, those that are asked in any case first."""
    found = _Hosts()
    at_once = () if around.nothing else around.of_canary() or actions
    for action in actions:
        place = place_of(action, around.settings)
        turn = WhenAsked.ALWAYS if action in at_once else WhenAsked.AFTER_A_FAILURE
        found.add(action.row.by, turn, place, origins(place, around))
        if action in (ActionId.PRESIGNED_GET, ActionId.PRESIGNED_EXPIRED):
            found.add(Actor.MASTODON, turn, place, origins(place, around))
    for occasion in occasions:
        always = around.fits(occasion.applies) and not (
            occasion.failure or around.nothing or (around.canary and not occasion.canary)
        )
        for asked in occasion.asks:
            turn = WhenAsked.ALWAYS if always else WhenAsked.AFTER_A_FAILURE
            found.add(asked.actor, turn, asked.place, origins(asked.place, around))
    if not around.options.mastodon_version:
        turn = WhenAsked.AFTER_A_FAILURE if around.nothing else WhenAsked.ALWAYS
        found.add(Actor.VISITOR, turn, Addressee.INSTANCE, origins(Addressee.INSTANCE, around))
    return found.planned()


def rules(around: Circumstances, *, trials: bool) -> Iterator[HostRule]:
    """How others are chosen. What stands here of signed requests is what the client itself refuses to go beyond.

    ``trials``: whether lines of the file may be tried, which lead to more places than answers do.
    """
    rule, named = around.rule, named_hosts(around.settings)
    before = _ANY_BUCKET if trials else f"(?:{re.escape(around.settings.bucket_name.lower())}\\.)?"
    for signed, hosts in ((True, rule.hosts), (False, named | rule.hosts)):
        if trials and (names := _bare(hosts)):
            plain = _bare(rule.plain) if signed else names
            why = "a name that the file holds, at any port: a line that is tried can lead there"
            yield HostRule(signed, why, names, _patterns(before, names), _patterns(before, plain))
        beside = (*aws_patterns(hosts), *(_of_providers(hosts) if trials else ()))
        if beside:
            why = "another region of the same service, where an answer names it or a line is tried"
            shown = tuple(dict.fromkeys(map(_readable, beside)))
            patterns = tuple(f"{before}{pattern}" for pattern in beside)
            # an address that a picture could have is asked without TLS as well
            yield HostRule(signed, why, shown, patterns, patterns if trials and not signed else ())
    if not around.reads:
        yield HostRule(
            False,
            f"wherever a redirect of a published file leads, as a browser follows it, at most {HOPS - 1} times; and one"
            f" of the Mastodon server's front page, over https, at most {PAGE_HOPS - 1} times",
        )


_ANY_BUCKET = r"(?:[A-Za-z0-9][A-Za-z0-9._-]{0,254}\.)?"
"""A trial may be about a bucket of another name. Nothing is written to one that the file does not name."""


def _bare(hosts: Collection[str]) -> tuple[str, ...]:
    """Without those that are another one with a bucket's name before it."""
    return tuple(sorted(host for host in hosts if not any(host.endswith(f".{other}") for other in hosts)))


def _patterns(before: str, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"{before}{name.replace('.', chr(92) + '.')}" for name in names)


def _of_providers(hosts: Collection[str]) -> tuple[str, ...]:
    return provider_patterns([host for host in _bare(hosts) if not is_aws(host)])


def _readable(pattern: str) -> str:
    """What such a pattern means, in few letters."""
    return pattern.replace(AWS_HOST, "s3.<region>.").replace(ANY_REGION, "<region>").replace("\\", "")


def remarks(around: Circumstances) -> Iterator[str]:
    """What a visitor's requests carry that may be taken for something else."""
    published = next(iter(origins(Addressee.PUBLISHED, around)), "")
    if published and around.wanted([ActionId.PUBLIC_QUERY]) and around.may_fit(behind_a_proxy) and not around.reads:
        yield (
            f"One request to {published} has a header Authorization with the words Bearer s3probe, which is nobody's"
            " key: a media host should not pass such a header on."
        )
    if around.wanted(ANNOUNCED.within) and around.may_fit(ANNOUNCED.applies) and not around.reads:
        yield (
            f"One upload is announced with a Content-Length of {LARGE} bytes, to see whether it would be let through."
            " None of them is sent."
        )
    buster = cache_buster(around.settings)
    if buster is not None and buster.harmless and buster.headers and not around.reads:
        yield f"One request ({buster.method}) to {published} carries CACHE_BUSTER_SECRET in the header {buster.header}."


def proxy_of(around: Circumstances) -> str:
    """Host and port of the HTTP proxy; without its password."""
    proxy = around.settings.proxy
    return split(f"//{proxy.rpartition('://')[2]}").netloc.rpartition("@")[2] if proxy else ""


def lookups(around: Circumstances) -> Iterator[str]:
    """Names that are looked up in DNS to be compared, beside those of every host that is asked."""
    api = split(around.settings.api_base).hostname
    if api and api not in {split(host).hostname for host in origins(Addressee.STORAGE, around)}:
        yield api


def sources(around: Circumstances, environ: Mapping[str, str] = os.environ) -> Iterator[PlannedSource]:
    """Where Amazon's SDK looks for a key pair that the file does not hold, in its order; each only after the last."""
    settings = around.settings
    if settings.credentials is not None:
        return
    profile = settings.environment.get("AWS_PROFILE") or environ.get("AWS_PROFILE") or "default"
    region = settings.region or environ.get("AWS_REGION", "")
    sts = f"https://sts.{region}.amazonaws.com"
    yield PlannedSource("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY of this process")
    yield PlannedSource(
        f"a role that the profile {profile} of ~/.aws names: STS is asked for its keys, by a signed request, in this "
        "region or in that of the profile, or at https://sts.amazonaws.com",
        sts,
    )
    yield PlannedSource(
        "the token in AWS_WEB_IDENTITY_TOKEN_FILE: STS is asked for a key pair in exchange, in this region, or at "
        "https://sts.amazonaws.com",
        sts,
    )
    yield PlannedSource(f"a single sign-on of the profile {profile}", f"https://portal.sso.{region}.amazonaws.com")
    yield PlannedSource(f"the program that credential_process of the profile {profile} names")
    agent = environ.get("AWS_CONTAINER_CREDENTIALS_FULL_URI") or "http://169.254.170.2"
    yield PlannedSource("the agent of a container, where AWS_CONTAINER_CREDENTIALS_… names one", agent)
    machine = environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT") or "http://169.254.169.254"
    if environ.get("AWS_EC2_METADATA_DISABLED", "").lower() != "true":
        yield PlannedSource("the metadata service of a machine at Amazon (IMDS)", machine)
