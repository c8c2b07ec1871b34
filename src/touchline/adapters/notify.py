"""Targets of every kind that apprise knows, each by a URL that holds its secrets."""

import logging
import re
import smtplib
import ssl
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from urllib.parse import quote, unquote

from apprise import Apprise, AppriseAsset, NotifyFormat, NotifyType

from touchline.core.ports import Alert, AlertKind
from touchline.errors import ConfigError, TransientError

TIMEOUT_S = 10.0
HEADER = "X-Touchline-Alert"
_LOG = logging.getLogger("apprise")
_KINDS: Mapping[AlertKind, NotifyType] = {
    "opened": NotifyType.FAILURE,
    "recovered": NotifyType.SUCCESS,
    "completed": NotifyType.INFO,
    "warned": NotifyType.WARNING,
    "test": NotifyType.INFO,
}
_NO_URL = "its URL is none that apprise knows"
_STATUS = re.compile(r"error=([0-9]{3})\b")


class AppriseTargets:
    """A Notifier; `urls` gives each target's URL when it is asked for.

    Apprise only says whether a target took a message, and logs why not, at times with its URL. What
    it logs goes nowhere else than into the reason, which holds no part of the URL.
    """

    def __init__(
        self, urls: Mapping[str, Callable[[], str]], *, timeout_s: float = TIMEOUT_S
    ) -> None:
        self._urls = urls
        self._timeout_s = timeout_s
        _LOG.propagate = False
        _LOG.setLevel(logging.DEBUG)
        logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)  # it logs URLs

    def send(self, target: str, alert: Alert) -> None:
        """See Notifier. A target that does not answer in time is left behind, with its thread."""
        url = self._urls[target]()
        answers: list[str] = []
        work = threading.Thread(target=lambda: answers.append(_sent(url, alert)), daemon=True)
        work.start()
        work.join(self._timeout_s)
        why = answers[0] if answers else f"no answer within {self._timeout_s:g} s"
        if why:
            raise ConfigError(why) if why == _NO_URL else TransientError(why)


def _sent(url: str, alert: Alert) -> str:
    """Why the target did not take the message, or "" if it did."""
    log = _Overheard()
    _LOG.addHandler(log)
    try:
        asset = AppriseAsset(app_id="Touchline", app_desc="Touchline")
        service = Apprise.instantiate(url.strip(), asset=asset)
        if service is None:
            return _NO_URL
        if isinstance(getattr(service, "headers", None), dict):
            service.headers[HEADER] = quote(alert.id, safe=" :/=")
        taken = service.notify(
            title=f"Touchline: {_on_one_line(alert.subject)}",
            body=f"{alert.body}\n\n{alert.id}",
            notify_type=_KINDS[alert.kind],
            body_format=NotifyFormat.TEXT,
        )
        return "" if taken else _without_secrets(log.reason(), url)
    except Exception as exc:  # noqa: BLE001 (any service's library may raise anything)
        return _of_error(exc) or type(exc).__name__
    finally:
        _LOG.removeHandler(log)


def _on_one_line(text: str) -> str:
    """A subject as mail and headers take it: what a file's name may hold beside is a question mark."""
    return "".join(sign if sign.isprintable() else "?" for sign in text)


class _Overheard(logging.Handler):
    """What apprise logs in this thread, and the errors that it was handling meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self._thread = threading.get_ident()
        self._warnings: list[str] = []
        self._errors: list[BaseException] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep what may be the reason."""
        if record.thread != self._thread:
            return
        error = sys.exc_info()[1]
        self._errors += [error] if error else []
        self._warnings += [record.getMessage()] if record.levelno >= logging.WARNING else []

    def reason(self) -> str:
        """The best there is: what the system said, the status of the answer, a warning."""
        for error in self._errors:
            if said := _of_error(error):
                return said
        for text in self._warnings:
            if status := _STATUS.search(text):
                return f"it answered {status[1]}"
        names = [type(error).__name__ for error in self._errors]
        return next(iter([*names, *reversed(self._warnings)]), "it was not taken")


def _of_error(error: BaseException) -> str:
    """What is known of an error without its text, which may hold the URL."""
    for each in _behind(error):
        if isinstance(each, smtplib.SMTPRecipientsRefused):
            codes = sorted({code for code, _ in each.recipients.values()})
            return f"the mail server refused the recipient: {', '.join(map(str, codes))}"
        if isinstance(each, smtplib.SMTPResponseException):
            return f"the mail server answered {each.smtp_code}"
        if isinstance(each, ssl.SSLCertVerificationError):
            return f"its certificate is refused: {each.verify_message}"
        if isinstance(each, TimeoutError):
            return "no answer in time"
        if isinstance(each, OSError) and each.strerror:
            return each.strerror
    return ""


def _behind(error: BaseException | None) -> Iterator[BaseException]:
    """The error and those that it came from."""
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        seen.append(error)
        yield error
        error = error.__cause__ or error.__context__


def _without_secrets(text: str, url: str) -> str:
    """The text with every part of the URL, but its scheme, blotted out."""
    _, _, rest = url.partition("://")
    parts = {p for whole in (rest, unquote(rest)) for p in re.split(r"[^\w.~-]+", whole)}
    for part in sorted((p for p in parts if len(p) > 2), key=len, reverse=True):
        text = re.sub(re.escape(part), "***", text, flags=re.IGNORECASE)
    return text
