"""One POST to an address that an organisation chose, which must not become a way into our own network. No Django."""

import asyncio
import re
import socket
import ssl
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

SECONDS = 10.0  # for all of it: the name, the connection, the answer
LONGEST_ADDRESS = 500
LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
# The rest of IPv6 is local, or is an IPv4 address in disguise.
INTERNET_V6 = IPv6Network("2000::/3")
ADDRESS = re.compile(
    r"(?P<scheme>https?)://(?P<host>[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?(?P<path>/[!\"$-~]*)?"
)
STATUS = re.compile(rb"HTTP/1\.[01] ([0-9]{3})[ \r\n]")
HEADER_VALUE = re.compile(r"[!-~]([ -~]*[!-~])?")


class WrongAddress(ValueError):
    """Neither https:// nor http:// on this machine, or more than a host, a port and a path."""


class NotPublic(Exception):
    """The name leads to a machine that is not on the internet."""


class NoAnswer(Exception):
    """What came back is not HTTP."""


# What a delivery fails with: names that nobody knows, refused and slow connections, wrong certificates (OSError);
# names too long for DNS and lines without end (ValueError).
FAILURES = (OSError, ValueError, NotPublic, NoAnswer)


@dataclass(frozen=True, slots=True)
class Target:
    """An address, taken apart."""

    is_encrypted: bool
    host: str
    port: int
    authority: str
    path: str


def read_address(text: str) -> Target:
    """An address that may be posted to: https, or http on this machine; no name, password or fragment in it.

    Raises WrongAddress.
    """
    found = ADDRESS.fullmatch(text)
    if found is None or len(text) > LONGEST_ADDRESS:
        raise WrongAddress
    is_encrypted, host = found["scheme"] == "https", found["host"]
    port = int(found["port"] or (443 if is_encrypted else 80))
    if not 1 <= port <= 65535 or not (is_encrypted or host in LOOPBACK):
        raise WrongAddress
    authority = host if found["port"] is None else f"{host}:{port}"
    return Target(is_encrypted, host.strip("[]"), port, authority, found["path"] or "/")


def post(target: Target, body: bytes, *, headers: dict[str, str], loopback: bool) -> int:
    """Send JSON and give the status of the answer; a redirection is an answer like any other and is not followed.

    The machine is chosen and checked once, and that one is connected to. `loopback` lets this machine be reached.
    Raises one of FAILURES, after ten seconds at the latest.
    """
    return asyncio.run(exchange(target, request(target, body, headers=headers), loopback=loopback))


def request(target: Target, body: bytes, *, headers: dict[str, str]) -> bytes:
    """The bytes to send. Raises ValueError for a header that would not stay on its line."""
    if not all(HEADER_VALUE.fullmatch(value) for value in headers.values()):
        raise ValueError
    fixed = {
        "host": target.authority,
        "content-type": "application/json",
        "content-length": str(len(body)),
        "user-agent": "Eclaircie",
        "connection": "close",
    }
    lines = [f"POST {target.path} HTTP/1.1", *(f"{name}: {value}" for name, value in {**fixed, **headers}.items())]
    return "\r\n".join([*lines, "", ""]).encode("ascii") + body


async def exchange(target: Target, sent: bytes, *, loopback: bool) -> int:
    """Send, and read the first line of what comes back."""
    context = ssl.create_default_context() if target.is_encrypted else None
    name = target.host if target.is_encrypted else None
    async with asyncio.timeout(SECONDS):
        machine = await machine_of(target, loopback=loopback)
        reader, writer = await asyncio.open_connection(machine, target.port, ssl=context, server_hostname=name)
        try:
            writer.write(sent)
            await writer.drain()
            line = await reader.readline()
        finally:
            writer.transport.abort()
    found = STATUS.match(line)
    if found is None:
        raise NoAnswer
    return int(found[1])


async def machine_of(target: Target, *, loopback: bool) -> str:
    """The first address that a name leads to. Raises NotPublic when any of them may not be reached."""
    found = await asyncio.get_running_loop().getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
    machines = [str(sockaddr[0]) for _family, _type, _proto, _name, sockaddr in found]
    if not machines or not all(may_be_reached(ip_address(machine), loopback=loopback) for machine in machines):
        raise NotPublic
    return machines[0]


def may_be_reached(machine: IPv4Address | IPv6Address, *, loopback: bool) -> bool:
    """Whether an address is one of the internet: not private, link-local, shared, reserved or multicast (RFC 6890), and
    no IPv6 that tunnels to an IPv4 one; this machine only with `loopback`."""
    if machine.is_loopback:
        return loopback
    if isinstance(machine, IPv6Address) and (
        machine not in INTERNET_V6 or machine.sixtofour is not None or machine.teredo is not None
    ):
        return False
    return machine.is_global and not machine.is_multicast
