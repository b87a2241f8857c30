"""What is told of an API client when it is let in."""

from __future__ import annotations

from lobby_server.doors.reading import Code, Wire


class ClientNamed(Wire):
    """Its name: letters, digits and `_ . -`, up to 64."""

    name: Code
