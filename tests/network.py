"""The network is closed to the tests: this process may reach only this machine.

Told by an audit hook, which sees every connection that Python makes, gevent's and asyncio's too. A hook cannot be taken
away, so it stays for the life of the process. Child processes are not watched; they are given loopback addresses only.
"""

from __future__ import annotations

import ipaddress
import sys

LOOPBACK_NAMES = ("", "localhost", "ip6-localhost")
# The arguments of each event that name who is spoken to: (socket, address), or the host of a look-up.
CONNECTIONS = ("socket.connect", "socket.sendto", "socket.sendmsg")
LOOK_UP = "socket.getaddrinfo"


class NetworkClosed(RuntimeError):
    """A test tried to reach another machine."""


def close_network() -> None:
    """From now on refuse every address that is not this machine's own."""
    sys.addaudithook(_refuse_strangers)


def is_own(host: object) -> bool:
    """Whether a host is this machine itself. None, as in a look-up for listening, is."""
    if isinstance(host, bytes):
        host = host.decode("ascii", errors="replace")
    if host is None or host in LOOPBACK_NAMES:
        return True
    try:
        return ipaddress.ip_address(str(host).partition("%")[0]).is_loopback
    except ValueError:
        return False


def is_address(host: object) -> bool:
    """Whether a host is written as a number, so that looking it up asks nobody."""
    try:
        ipaddress.ip_address(str(host).partition("%")[0])
    except ValueError:
        return False
    return True


def _refuse_strangers(event: str, arguments: tuple[object, ...]) -> None:
    if event in CONNECTIONS:
        address = arguments[1]
        # A Unix socket's address is a path, and a connected datagram socket's is None: both stay on this machine.
        if isinstance(address, tuple) and not is_own(address[0]):
            raise NetworkClosed(f"a test tried to reach {address[0]}: only this machine is open to tests")
    elif event == LOOK_UP and not is_own(arguments[0]) and not is_address(arguments[0]):
        raise NetworkClosed(f"a test tried to look up {arguments[0]!r}: only this machine is open to tests")
