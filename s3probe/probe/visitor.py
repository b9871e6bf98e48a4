"""The visitor's side: what a browser, another server or a stranger gets, unsigned and from outside."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote, urlsplit

from s3probe.evidence.addresses import other_addresses, proxy_stands_before
from s3probe.evidence.caches import cache_hit
from s3probe.evidence.observations import Observation, Outcome
from s3probe.evidence.vocabulary import BESIDE, IN_A_BROWSER, ActionId, Actor, Experiment, Fact, ObservationId, row_of
from s3probe.knowledge.providers import Provider
from s3probe.knowledge.public_hosts import is_whole, public_value
from s3probe.knowledge.store import store_seen, web_address
from s3probe.probe import absent_files, browser, public_rights, strangers, strangers_elsewhere, tampering
from s3probe.probe.fetching import fetch, must_not_open
from s3probe.probe.folders import see
from s3probe.probe.own_files import UNASKED
from s3probe.probe.purging import look_after_purging
from s3probe.probe.request_form import WireForm
from s3probe.probe.schedule import Step
from s3probe.probe.session import VISITOR_AGENT, Session, Stored
from s3probe.probe.stored_objects import NOTHING_WRITTEN, StoredObjects
from s3probe.probe.uploads import LargeUpload
from s3probe.records import replace
from s3probe.settings.cache_buster import CacheBuster, cache_buster
from s3probe.settings.mastodon import object_url, public_url
from s3probe.settings.urls import unopened

NOT_DELETED = "the file could not be deleted"
FIRST = (ActionId.PUBLIC_GET, *BESIDE[IN_A_BROWSER], ActionId.PUBLIC_CSP)


class Visitor:
    """Asks without a key. The modules that it calls say what each question means."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._settings = session.conditions.settings

    def fetch(self, action_id: ObservationId, url: str, stored: Stored, title: str | None = None) -> Observation:
        """GET of an uploaded file by ``url``."""
        return fetch(self._session, action_id, url, stored, title)

    def fetch_on_a_page(self, action_id: ObservationId, url: str, stored: Stored, title: str) -> Observation:
        """The same from a page of the instance: hotlink protection lets it pass."""
        referer = (("Referer", public_rights.page_of(self._settings)),)
        return fetch(self._session, action_id, url, stored, title, headers=referer)

    def first_visit(self, stored_objects: StoredObjects) -> Iterator[Step]:
        """The published URL of a fresh upload as other servers fetch it, and as a browser does."""
        session, stored = self._session, stored_objects.get("media")
        if stored is None:
            for action_id in FIRST:
                session.skip(action_id, NOTHING_WRITTEN)
            return
        url = public_url(self._settings, stored.key)
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            for action_id in FIRST:
                session.skip(action_id, f"Mastodon publishes {url}, which no browser can open")
            return
        agent = self._server_agent()
        yield Step(ActionId.PUBLIC_GET, lambda: fetch(session, ActionId.PUBLIC_GET, url, stored, agent=agent))
        yield Step(IN_A_BROWSER, lambda: browser.on_a_page(session, url, stored), (ActionId.PUBLIC_GET,))
        if self._settings.web_domain:
            yield Step(ActionId.PUBLIC_CSP, lambda: browser.page_policy(session, url), (ActionId.PUBLIC_GET,))
        if proxy_stands_before(self._settings):
            yield Step(Experiment.VIEWER_FAMILIES, lambda: self._families(url), (ActionId.PUBLIC_GET,))
        if proxy_stands_before(self._settings) and not session.thorough:
            session.skip(ActionId.PUBLIC_ACL, strangers.ONLY_THOROUGH)
        else:
            yield strangers.object_acl(session, stored)

    def _families(self, url: str) -> None:
        """IPv4 and IPv6 of the published host: a look into DNS and a connection each, no request.

        And where its name leads: to the storage's own addresses, or to others.
        """
        parts, tools = urlsplit(url), self._session.tools
        host, api = parts.hostname or "", urlsplit(self._settings.api_base).hostname or ""
        facts = tools.families_of(host, parts.port or 443)
        if facts:
            same = tools.same_addresses(host, api)
            facts = {**facts, **({} if same is None else {Fact.SAME_ADDRESS: "yes" if same else "no"})}
            whole = facts.get(Fact.ADDRESSES) == "ipv4 ipv6"
            outcome = Outcome.OK if whole else Outcome.WRONG
            title = "Visitors find the public host over IPv4 and IPv6"
            self._session.book.add(
                Observation(Experiment.VIEWER_FAMILIES, title, "connect", Actor.VISITOR, outcome, url=url, facts=facts)
            )

    def other_files(self, stored_objects: StoredObjects, large: LargeUpload) -> Iterator[Step]:
        """The file under ``cache/`` that was sent in parts: before it is there, with a query, and as it is."""
        session, settings = self._session, self._settings
        if stored_objects.get("media") is None:
            return
        by_policy = settings.acl in (None, "private")
        if by_policy and proxy_stands_before(settings):
            yield Step(
                ActionId.PUBLIC_MISSING,
                lambda: self._ask_before_upload(large),
                (ActionId.MULTIPART_CREATE, ActionId.PUBLIC_GET),
            )
        else:
            session.skip(
                ActionId.PUBLIC_MISSING, strangers.NO_PROXY if by_policy else "an ACL opens each file by itself"
            )
        yield Step(
            ActionId.PUBLIC_QUERY,
            lambda: self._with_a_query(stored_objects),
            (ActionId.PUBLIC_GET, ActionId.MULTIPART_COMPLETE),
        )
        yield Step(
            ActionId.PUBLIC_GET_CACHE,
            lambda: self._copy_of_another_server(stored_objects, by_policy),
            (ActionId.PUBLIC_QUERY,),
        )

    def _ask_before_upload(self, large: LargeUpload) -> None:
        key = large.key
        if key is None:
            self._session.skip(ActionId.PUBLIC_MISSING, "no large upload could be begun")
        else:
            strangers.ask_before_upload(self._session, key)

    def _with_a_query(self, stored_objects: StoredObjects) -> None:
        session, stored, first = self._session, stored_objects.get("large"), self._session.book.get(ActionId.PUBLIC_GET)
        if stored is None:
            session.skip(ActionId.PUBLIC_QUERY, "no file was left that nobody has asked for")
        elif first is None or not first.ok:
            session.skip(ActionId.PUBLIC_QUERY, browser.NOT_FETCHED)
        elif not proxy_stands_before(self._settings):
            session.skip(ActionId.PUBLIC_QUERY, strangers.NO_PROXY)
        else:
            strangers.through_the_proxy(session, stored)

    def _copy_of_another_server(self, stored_objects: StoredObjects, by_policy: bool) -> None:
        session, stored, first = self._session, stored_objects.get("large"), self._session.book.get(ActionId.PUBLIC_GET)
        asked = session.book.get(ActionId.PUBLIC_QUERY)
        if stored is None or first is None or not first.ok:
            session.skip(ActionId.PUBLIC_GET_CACHE, browser.NOT_FETCHED if stored else "it could not be uploaded")
        elif asked is not None and asked.facts.get(Fact.SHOWN) and not by_policy:
            # the query went no further than the proxy: this was the file's own address
            title = row_of(ActionId.PUBLIC_GET_CACHE).title
            session.book.add(replace(asked, id=ActionId.PUBLIC_GET_CACHE, title=title, facts={}))
        elif (
            not see(session, stored_objects, "cache", stored).ok
            and session.book.get(ActionId.PUBLIC_MISSING) is not None
        ):
            self._is_the_refusal_cached()

    def _is_the_refusal_cached(self) -> None:
        """Was the refusal cached? Looks at a second file of the folder, which was not asked for before it existed."""
        session = self._session
        at_storage, media = session.book.get(Experiment.CACHE_ORIGIN), session.book.get(Experiment.MEDIA_ORIGIN)
        # a storage that is open to the proxy alone shows nothing to anyone else
        if (at_storage is None or not at_storage.ok) and (media is None or media.ok):
            return
        title = "A second copy from another server can be uploaded"
        _seen, fresh = session.put(Experiment.PUT_UNASKED, UNASKED, title=title)
        if fresh is not None:
            title = "A file of the same folder is shown that nobody has asked for yet"
            fetch(session, Experiment.UNASKED, public_url(self._settings, fresh.key), fresh, title)

    def elsewhere(self, stored: Stored) -> Iterator[Step]:
        """The same object by every other address it could have: which link of the chain breaks?"""
        session, settings = self._session, self._settings
        published = public_url(settings, stored.key)
        tried = {published}
        for name, url in other_addresses(settings, stored.key):
            if url not in tried:
                tried.add(url)
                yield Step(
                    name,
                    lambda name=name, url=url: fetch(  # type: ignore[misc]  # lambda defaults
                        session, name, url, stored, title=f"The picture at {url}"
                    ),
                )
        store = store_seen(settings, session.book.rows())
        value = public_value(settings, store)
        url = f"https://{value}/{quote(stored.key, safe='/~')}"
        if is_whole(value) and url not in tried:
            name, title = Experiment.PUBLIC_PROVIDER, f"The picture at {url}"
            yield Step(name, lambda: fetch(session, Experiment.PUBLIC_PROVIDER, url, stored, title))
        beside = store.web_port and settings.alias_host and not unopened(web_address(settings, store))
        if beside and urlsplit(published).hostname:
            yield Step(Experiment.PUBLIC_WEB_PORT, lambda: self._at_the_web_port(store, published, stored))
        if urlsplit(published).hostname:
            title = "The picture is shown to a browser"
            yield Step(
                Experiment.PUBLIC_AS_BROWSER,
                lambda: fetch(session, Experiment.PUBLIC_AS_BROWSER, published, stored, title, VISITOR_AGENT),
            )
            fresh = f"{published}?s3probe={session.run_id}"
            title = "The picture is shown where no cache answers"
            yield Step(Experiment.PUBLIC_FRESH, lambda: fetch(session, Experiment.PUBLIC_FRESH, fresh, stored, title))

    def _at_the_web_port(self, store: Provider, published: str, stored: Stored) -> Observation:
        """The store's own port for visitors, with the published host's name: without the proxy between."""
        settings = self._settings
        host = (("Host", urlsplit(published).netloc),)
        path = urlsplit(object_url(settings, stored.key)).path
        path = path.removeprefix(f"/{settings.bucket_name}" if settings.path_style else "")
        url = f"{web_address(settings, store)}{path}"
        title = "The store's web port shows the picture to those who ask for the published host"
        return fetch(self._session, Experiment.PUBLIC_WEB_PORT, url, stored, title, headers=host)

    def why_not_public(self, stored: Stored) -> Iterator[Step]:
        """What the object's ACL and the bucket's policy say."""
        return public_rights.why_not_public(self._session, stored)

    def fetch_hidden(self, action_id: ObservationId, stored: Stored) -> Observation:
        """The public URL of a picture whose ACL was just set to private. Nobody has asked for it before."""
        return must_not_open(self._session, action_id, public_url(self._settings, stored.key), stored)

    def fetch_restored(self, action_id: ObservationId, stored: Stored) -> Observation:
        """The same picture after its ACL was set back; when it is not there, the storage is asked as well."""
        seen = fetch(self._session, action_id, public_url(self._settings, stored.key), stored)
        if not seen.ok and seen.network is None and proxy_stands_before(self._settings):
            title = "The picture that is shown again is there at the storage itself"
            fetch(self._session, Experiment.RESTORED_ORIGIN, object_url(self._settings, stored.key), stored, title)
        return seen

    def privacy(self) -> Iterator[Step]:
        """Listings and rights, which strangers must not see."""
        return strangers.listings_and_policy(self._session)

    def who_opened_the_list(self) -> Iterator[Step]:
        return strangers.who_opened_the_list(self._session)

    def writing(self) -> Iterator[Step]:
        return tampering.writing(self._session)

    def closed_folders(self, folders: tuple[str, ...]) -> Iterator[Step]:
        return absent_files.closed_folders(self._session, folders)

    def writing_elsewhere(self) -> Iterator[Step]:
        return strangers_elsewhere.elsewhere(self._session)

    def archive(self, stored_objects: StoredObjects) -> Iterator[Step]:
        return strangers.archive(self._session, stored_objects)

    def after_deletion(self, stored_objects: StoredObjects) -> Iterator[Step]:
        """A cache that goes on showing what is deleted. Not every one shows itself in its answers."""
        session, stored = self._session, stored_objects.get("media")
        first, again = session.book.get(ActionId.PUBLIC_GET), session.book.get(ActionId.PUBLIC_CORS)
        cached = proxy_stands_before(self._settings) or (again is not None and cache_hit(again))
        if stored is None or first is None or not first.ok or not cached:
            session.skip(ActionId.DELETED_PUBLIC_GET, "nothing showed a cache before the storage")
        elif (
            session.conditions.wire.form is WireForm.LEGACY and self._settings.acl is not None and not session.thorough
        ):
            session.skip(ActionId.DELETED_PUBLIC_GET, strangers.NEXT_INSTEAD)
        else:
            url = public_url(self._settings, stored.key)
            buster = cache_buster(self._settings, self._session.mastodon_version)
            yield Step(
                ActionId.DELETED_PUBLIC_GET,
                lambda: self._still_shown(buster, url, stored),
                (Experiment.DELETE_GONE if buster is not None else ActionId.DELETE,),
            )

    def _still_shown(self, buster: CacheBuster | None, url: str, stored: Stored) -> None:
        action_id = ActionId.DELETED_PUBLIC_GET
        deleted = self._session.book.get(ActionId.DELETE)
        if deleted is None or not deleted.ok:
            self._session.skip(action_id, NOT_DELETED)
        elif buster is not None and buster.harmless:
            look_after_purging(self._session, buster, url, stored, self._server_agent())
        else:
            must_not_open(self._session, action_id, url, stored)

    def whether_it_was_deleted(self) -> None:
        """What was seen of a deleted file means nothing where it was not gone."""
        gone, seen = (self._session.book.get(name) for name in (Experiment.DELETE_GONE, ActionId.DELETED_PUBLIC_GET))
        if seen is not None and seen.ran and (gone is None or not gone.ok):
            self._session.skip(ActionId.DELETED_PUBLIC_GET, NOT_DELETED)

    def _server_agent(self) -> str:
        """As Mastodon's servers name themselves to each other (app/lib/request.rb); it still says who asks."""
        return f"Mastodon/4.5 (http.rb/5.3.1; +https://{self._settings.web_domain or 'mastodon.invalid'}/) s3probe"
