"""The kiosk page's end: a WebSocket on loopback, for the one page that knows this boot's secret."""

from __future__ import annotations

import asyncio
import hmac
import logging
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

from kiosk.agent.device_key import write_whole
from kiosk.agent.wire import MESSAGE_BYTES_MAX, Hello, NotUnderstood, PageWord, from_page

log = logging.getLogger(__name__)

HELLO_S_MAX = 3.0  # a page says its secret at once
PAGES_MAX = 4  # the page, one that is being reloaded, and a technician's
QUEUE_MAX = 16
SECRET_BYTES = 32
CLOSE_NOT_LET_IN = 4401
CLOSE_NOT_UNDERSTOOD = 4400
CLOSE_TOO_MANY = 4429

Answer = Callable[[PageWord], Awaitable[str]]


def boot_secret(path: Path) -> str:
    """The secret of this boot: made by the first agent of it, in a folder that a restart of the machine empties."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(path, secrets.token_urlsafe(SECRET_BYTES).encode())
    return path.read_text("utf-8").strip()


class Pages:
    """The pages that were let in. `welcome` is what a new one is told, `answer` what each word of theirs gets."""

    def __init__(self, secret: str, welcome: Callable[[], list[str]], answer: Answer) -> None:
        self._secret = secret
        self._welcome = welcome
        self._answer = answer
        self._let_in: set[ServerConnection] = set()
        self._open = 0

    @property
    def count(self) -> int:
        """How many pages listen."""
        return len(self._let_in)

    @asynccontextmanager
    async def listen(self, port: int, origins: Sequence[str]) -> AsyncIterator[int]:
        """Serve on loopback; gives the port. A page from elsewhere is refused before it may speak."""
        allowed = [Origin(each) for each in origins]
        async with serve(
            self._meet,
            "127.0.0.1",
            port,
            origins=allowed,
            max_size=MESSAGE_BYTES_MAX,
            max_queue=QUEUE_MAX,
            compression=None,
        ) as server:
            yield next(iter(server.sockets)).getsockname()[1]

    def tell(self, message: str) -> None:
        """News for every page; one that reads too slowly is not waited for."""
        for page in list(self._let_in):
            task = asyncio.ensure_future(_send(page, message))
            task.add_done_callback(lambda done: done.exception())

    async def _meet(self, page: ServerConnection) -> None:
        self._open += 1
        try:
            if self._open > PAGES_MAX:
                await page.close(CLOSE_TOO_MANY)
            elif await self._knows_the_secret(page):
                await self._converse(page)
            else:
                await page.close(CLOSE_NOT_LET_IN)
        except ConnectionClosed:
            pass  # a page that is reloaded goes without a word
        finally:
            self._open -= 1
            self._let_in.discard(page)

    async def _knows_the_secret(self, page: ServerConnection) -> bool:
        try:
            word = from_page(await asyncio.wait_for(page.recv(), HELLO_S_MAX))
        except (TimeoutError, NotUnderstood):
            return False
        return isinstance(word, Hello) and hmac.compare_digest(word.secret.encode(), self._secret.encode())

    async def _converse(self, page: ServerConnection) -> None:
        self._let_in.add(page)
        for message in self._welcome():
            await page.send(message)
        async for said in page:
            try:
                word = from_page(said)
            except NotUnderstood as error:
                log.warning("page_not_understood", extra={"facts": {"field": str(error)}})
                await page.close(CLOSE_NOT_UNDERSTOOD)
                return
            await page.send(await self._answer(word))


async def _send(page: ServerConnection, message: str) -> None:
    try:
        await page.send(message)
    except ConnectionClosed:
        pass  # it went while we spoke; its own task tidies up
