"""What is wrong with a server's TLS or with its certificate, in plain words."""

from __future__ import annotations

from s3probe.evidence.observations import NetworkFault
from s3probe.probe.bounds import Exchange, ExchangeStage
from s3probe.probe.connection import shown_certificate
from s3probe.probe.text import clean

Explained = tuple[NetworkFault, str]

_NOT_TLS = frozenset(
    {
        "WRONG_VERSION_NUMBER",
        "HTTP_REQUEST",
        "UNKNOWN_PROTOCOL",
        "PACKET_LENGTH_TOO_LONG",
        "RECORD_LAYER_FAILURE",
        "HTTPS_PROXY_REQUEST",
    }
)
# X509_V_ERR_…: https://docs.openssl.org/3.0/man3/X509_STORE_CTX_get_error/
_NOT_YET_VALID, _EXPIRED, _SELF_SIGNED = 9, 10, 18


def trust(error: BaseException, _exchange: Exchange) -> Explained:
    return NetworkFault.TLS_UNTRUSTED, clean(str(error))


def name(error: BaseException, exchange: Exchange) -> Explained:
    names = _certificate_names(shown_certificate(error))
    few = ", ".join(names[:5])
    shown = f"{few} and {len(names) - 5} more" if len(names) > 5 else few
    return NetworkFault.TLS_NAME, f"certificate is for {shown or 'no name at all'}, not {exchange.asked}"


def _certificate_names(certificate: object) -> list[str]:
    if not isinstance(certificate, dict):
        return []
    alternative = [clean(str(value), 253) for _, value in certificate.get("subjectAltName", ())]
    common = [clean(str(v), 253) for rdn in certificate.get("subject", ()) for k, v in rdn if k == "commonName"]
    return alternative or common


def certificate(error: BaseException, exchange: Exchange) -> Explained:
    code, name = getattr(error, "verify_code", 0), exchange.asked
    if code == _EXPIRED:
        return NetworkFault.TLS_EXPIRED, f"the certificate of {name} (or one that it rests on) has expired"
    if code == _NOT_YET_VALID:
        return NetworkFault.TLS_EXPIRED, f"the certificate of {name} is not valid yet; check this machine's clock"
    if code == _SELF_SIGNED:
        return NetworkFault.TLS_UNTRUSTED, f"the certificate of {name} is self-signed"
    reason = clean(str(getattr(error, "verify_message", "") or "unknown authority"), 200)
    return NetworkFault.TLS_UNTRUSTED, f"the certificate of {name} is not trusted on this machine: {reason}"


def handshake(error: BaseException, exchange: Exchange) -> Explained:
    reason = str(getattr(error, "reason", "") or "")
    if exchange.stage is ExchangeStage.TLS and reason in _NOT_TLS:
        return NetworkFault.TLS_NOT_TLS, f"{exchange.talking_to} does not speak TLS: plain http answers on this port"
    words = reason.replace("_", " ").lower() or clean(str(error), 200)
    return NetworkFault.TLS_OTHER, f"no TLS connection with {exchange.asked}: {words}"
