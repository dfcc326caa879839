"""What may be wrong between us and a mail server, in words for the operator.

Knows the errors of SMTP and TLS; not when they are asked for.
"""

import ssl
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from aiosmtplib import SMTPAuthenticationError, SMTPConnectError, SMTPServerDisconnected, SMTPTimeoutError


class Fault(StrEnum):
    """One thing that keeps mail from being sent."""

    CONNECTION = "connection"
    CERTIFICATE = "certificate"
    LOGIN = "login"
    OFFER = "offer"
    SENDER = "sender"
    ADDRESS = "address"

    @classmethod
    def of(cls, error: BaseException) -> "Fault":
        """Tell which one an error is."""
        match error:
            case SMTPAuthenticationError():
                return cls.LOGIN
            case ssl.SSLError():
                return cls.CERTIFICATE
            case SMTPConnectError(__cause__=ssl.SSLError()):
                return cls.CERTIFICATE
            case SMTPConnectError() | SMTPServerDisconnected() | SMTPTimeoutError() | OSError():
                return cls.CONNECTION
            case _:
                return cls.OFFER


WORDS: Final[Mapping[Fault, str]] = {
    Fault.CONNECTION: "no connection to the mail server {server} ({what}): look at its name, its port and whether it runs",
    Fault.CERTIFICATE: "the mail server {server} does not show a certificate that we trust ({what}): "
    "use the name that its certificate is for, the right port for this kind of TLS, or name the certificate's authority",
    Fault.LOGIN: "the mail server {server} refuses the login: look at user and password",
    Fault.OFFER: "the mail server {server} does not offer what is asked for ({what}): look at the kind of TLS and the login",
    Fault.SENDER: "the mail server {server} takes no mail from the sender {what}: set an address that this account may use",
    Fault.ADDRESS: "the mail server {server} takes no mail for the address {what}: correct it",
}


def explain(problem: Fault, server: str, what: str) -> str:
    """Say a problem of a server, with the address or the error that it is about."""
    return WORDS[problem].format(server=server, what=what)
