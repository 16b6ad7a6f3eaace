"""Letters with a link, by SMTP; without a mail server the operator finds the link in the log."""

from __future__ import annotations

import logging
import smtplib
import ssl
from email.message import EmailMessage
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from console.i18n import Translator
    from console.settings import ConsoleSettings

TIMEOUT_SECONDS = 10.0
log = logging.getLogger(__name__)


def send_link(settings: ConsoleSettings, to: str, purpose: str, link: str, say: Translator) -> bool:
    """Send a link; return whether a mail server took it. What fails is in the log."""
    _ = say.gettext
    address = settings.smtp.get_secret_value()
    if not address:
        log.warning("no mail server is set (setting smtp); the link for %s is %s", to, link)
        return False
    letter = EmailMessage()
    letter["From"], letter["To"] = settings.mail_from, to
    if purpose == "invitation":
        letter["Subject"] = _("Your invitation to flowdrop")
        text = _("You have been invited to flowdrop. Choose a password here, within three days:")
    else:
        letter["Subject"] = _("A new password for flowdrop")
        text = _("Choose a new password for flowdrop here, within an hour:")
    after = _("If you did not expect this letter, ignore it: nothing changes.")
    letter.set_content(f"{text}\n\n{link}\n\n{after}\n")
    try:
        _send(address, letter)
    except (OSError, smtplib.SMTPException):
        log.exception("the mail server (setting smtp) did not take a letter to %s", to)
        return False
    return True


def _send(address: str, letter: EmailMessage) -> None:
    parts = urlsplit(address)
    host, secure = parts.hostname or "localhost", parts.scheme == "smtps"
    made: smtplib.SMTP
    if secure:
        context = ssl.create_default_context()
        made = smtplib.SMTP_SSL(host, parts.port or 465, timeout=TIMEOUT_SECONDS, context=context)
    else:
        made = smtplib.SMTP(host, parts.port or 25, timeout=TIMEOUT_SECONDS)
    with made as server:
        if parts.scheme == "smtp+starttls":
            server.starttls(context=ssl.create_default_context())
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        server.send_message(letter)
