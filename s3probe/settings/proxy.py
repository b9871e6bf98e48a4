"""The proxy Ruby's Net::HTTP uses for the S3 API (``URI::Generic#find_proxy``, asked for plain ``http``)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from s3probe.settings.rubyuri import authority_of


def address_of(proxy: str) -> str:
    """Where it is asked: Net::HTTP speaks plain http to a proxy, whatever scheme the variable names."""
    return f"http://{proxy.rpartition('://')[2]}"


def proxy_for(url: str, environment: Mapping[str, str]) -> str | None:
    """The proxy for ``url``: from ``http_proxy`` alone, also for https; ``no_proxy`` and loopback names excepted."""
    proxy = environment.get("http_proxy", environment.get("HTTP_PROXY", ""))
    if not proxy:
        return None
    match = re.fullmatch(r"\[?(?P<host>[^\]]*?)\]?(?::(?P<port>\d*))?", authority_of(url).lower())
    host, digits = (match["host"], match["port"] or "") if match else ("", "")
    if not host or host == "localhost" or host == "::1" or host.startswith("127."):
        return None
    port = int(digits) if digits.isdecimal() else 80 if url.startswith("http:") else 443
    exceptions = environment.get("no_proxy", environment.get("NO_PROXY", ""))
    for name, only_port in re.findall(r"([^:,\s]+)(?::(\d+))?", exceptions):
        suffix = name.lower() if name.startswith(".") else f".{name.lower()}"
        subject = host if name.startswith(".") else f".{host}"
        if subject.endswith(suffix) and (not only_port or int(only_port) == port):
            return None
    return proxy
