"""Speaking to other machines over HTTP: only to listed places, only for so long, only so much.

An address that a person typed must not lead into the bank's own network: the host is looked up once, every address that
it has is judged, and the connection goes to the one that was judged. A redirect is an answer like any other and is
never followed. (Promise S14; OWASP ASVS 5.0, 1.3.6.)
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
import time
import urllib.parse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

ANSWER_BYTES_MAX = 1024 * 1024  # an answer about one record, or a page of them; more is not for us
EXCHANGE_S_MAX = 30.0  # the whole exchange: a far side that drips a byte a second is no answer
BACK_OFF_S_MIN, BACK_OFF_S_MAX = 1.0, 300.0
RETRY_AFTER_S_MAX = 3600.0  # the far side may ask for patience, not for silence
IDLE_S_MAX = 4.0  # far sides close idle connections, most after five seconds; asking on a closed one looks like a loss

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


class BadPlace(ValueError):
    """An address that may not be spoken to: the message says why."""

    code = "bad_place"


class Unanswered(Exception):
    """No answer. `was_sent` says whether the other side may have heard the question."""

    def __init__(self, code: str, *, was_sent: bool) -> None:
        super().__init__(code)
        self.code = code
        self.was_sent = was_sent


@dataclass(frozen=True)
class Heard:
    """An answer. Names of headers are in lower case."""

    http_code: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def retry_after_s(self) -> float | None:
        """How long the other side asks us to wait, where it says so in seconds."""
        told = self.headers.get("retry-after", "")
        return float(told) if told.isdigit() else None


def back_off_s(attempts: int, chance: float, retry_after_s: float | None = None) -> float:
    """Seconds until the next try: full jitter between nothing and 1 s, 2 s, 4 s up to 5 minutes, never before what the
    far side asked for. `chance` is a random number below 1.

    Source: M. Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015.
    """
    longest = min(BACK_OFF_S_MAX, BACK_OFF_S_MIN * 2.0 ** min(attempts, 20))
    return max(longest * chance, min(retry_after_s or 0.0, RETRY_AFTER_S_MAX))


class Place:
    """Where somebody may be asked: scheme, host and port, and the private networks that are allowed for it."""

    def __init__(self, address: str, allowed: Sequence[str] = (), exchange_s_max: float = EXCHANGE_S_MAX) -> None:
        """Raises BadPlace for an address that is none, or is not `https` (`http` only to this machine)."""
        told = urllib.parse.urlsplit(address)
        if told.scheme not in ("https", "http") or not told.hostname or told.username or told.query or told.fragment:
            raise BadPlace(f"{address!r}: expected https://host[:port][/path]")
        if _is_disguised(told.hostname):
            raise BadPlace(f"{address!r}: write an IP address as four numbers")
        try:
            self._allowed: list[Network] = [ipaddress.ip_network(each) for each in allowed]
            self._port = told.port or (443 if told.scheme == "https" else 80)
        except ValueError as error:
            raise BadPlace(f"{address!r}: {error}") from error
        self._is_plain, self._host = told.scheme == "http", told.hostname
        self._path = told.path.rstrip("/")
        self._exchange_s_max = exchange_s_max
        self._idle: list[tuple[float, http.client.HTTPConnection]] = []
        self._lock = threading.Lock()

    def ask(self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None) -> Heard:
        """One exchange. Raises Unanswered; BadPlace when the host's name leads to where it must not."""
        if not path.startswith("/") or any(ord(each) <= 32 or ord(each) > 126 for each in path):
            raise BadPlace(f"{path!r} is no path")
        connection = self._take()
        was_sent, heard = False, None
        try:
            with _ends_after(self._exchange_s_max, connection):
                if connection.sock is None:
                    connection.connect()
                was_sent = True
                connection.request(method, self._path + path, body, dict(headers))
                answer = connection.getresponse()
                raw = answer.read(ANSWER_BYTES_MAX + 1)
        except TimeoutError as error:
            raise Unanswered("timeout", was_sent=was_sent) from error
        except (OSError, http.client.HTTPException, ValueError, AttributeError) as error:
            # A connection that was cut from outside, at its time limit, fails in whatever it was just doing.
            raise Unanswered("no_answer", was_sent=was_sent) from error
        else:
            if len(raw) > ANSWER_BYTES_MAX:
                raise Unanswered("answer_too_long", was_sent=True)
            heard = Heard(answer.status, {name.lower(): value for name, value in answer.getheaders()}, raw)
            return heard
        finally:
            self._give_back(connection, is_good=heard is not None and not answer.will_close)

    def check(self) -> None:
        """Look the host up and judge its addresses, without speaking to it. Raises BadPlace."""
        try:
            self._look_up()
        except Unanswered as unknown:
            raise BadPlace(f"{self._host}: unknown") from unknown

    def _take(self) -> http.client.HTTPConnection:
        """A connection that was used a moment ago, or a new one to an address that was judged."""
        with self._lock:
            while self._idle:
                since, connection = self._idle.pop()
                if time.monotonic() - since < IDLE_S_MAX:
                    return connection
                connection.close()
        found = self._look_up()
        if self._is_plain:
            return _Pinned(self._host, self._port, str(found), self._exchange_s_max, None)
        return _Pinned(self._host, self._port, str(found), self._exchange_s_max, ssl.create_default_context())

    def _give_back(self, connection: http.client.HTTPConnection, *, is_good: bool) -> None:
        if not is_good:
            connection.close()
            return
        with self._lock:
            self._idle.append((time.monotonic(), connection))

    def _look_up(self) -> IpAddress:
        """The address to speak to: every one that the name has must be allowed."""
        try:
            rows = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise Unanswered("unknown_host", was_sent=False) from error
        found = [ipaddress.ip_address(str(row[4][0]).partition("%")[0]) for row in rows]
        for each in found:
            self._judge(each)
        return found[0]

    def _judge(self, told: IpAddress) -> None:
        """Refuse what lies inside: loopback, private, link-local (the metadata of a cloud), unless it is listed."""
        mapped = told.ipv4_mapped if isinstance(told, ipaddress.IPv6Address) else None
        address = mapped or told
        is_listed = any(address in each for each in self._allowed if each.version == address.version)
        if not (address.is_global or is_listed) or address.is_multicast:
            raise BadPlace(f"{self._host} is {address}, which is not open to the outside; list it if it is meant")
        if self._is_plain and not (address.is_loopback and is_listed):
            raise BadPlace(f"{self._host}: without TLS only this machine may be spoken to")

    def close(self) -> None:
        """Let go of idle connections."""
        with self._lock:
            for _since, connection in self._idle:
                connection.close()
            self._idle.clear()


def _is_disguised(host: str) -> bool:
    """Whether a host is an IPv4 address in another writing (`0x7f000001`, `2130706433`, `127.1`)."""
    last = host.rstrip(".").rpartition(".")[2].lower()
    if not (last.isdigit() or last.startswith("0x")):
        return False
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        return True
    return False


class _Pinned(http.client.HTTPConnection):
    """A connection to one IP address, whatever its host's name leads to by now."""

    def __init__(self, host: str, port: int, address: str, timeout_s: float, tls: ssl.SSLContext | None) -> None:
        super().__init__(host, port, timeout=timeout_s)
        self._address = address
        self._tls = tls
        self._timeout_s = timeout_s

    def connect(self) -> None:
        """Open it; with TLS the certificate must be the host's."""
        self.sock = socket.create_connection((self._address, self.port), self._timeout_s)
        # Head and body leave in two writes: without this an answer may wait 40 ms for the other side's delayed ACK.
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._tls is not None:
            self.sock = self._tls.wrap_socket(self.sock, server_hostname=self.host)


@contextlib.contextmanager
def _ends_after(seconds: float, connection: http.client.HTTPConnection) -> Iterator[None]:
    """Cut the connection when the time is over, whatever it is doing: a socket's own limit begins anew at each byte."""

    def cut() -> None:
        cut_off.set()
        with contextlib.suppress(OSError, AttributeError):
            connection.sock.shutdown(socket.SHUT_RDWR)

    cut_off = threading.Event()
    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    except Exception as error:
        if cut_off.is_set():
            raise TimeoutError from error
        raise
    finally:
        timer.cancel()
