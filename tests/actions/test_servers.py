"""The tests' own servers start, hold what they are given, come back after a kill, and leave nothing behind."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from tests import servers
from tests.network import NetworkClosed


def rows(url: str, question: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        cursor = connection.execute(question.encode())
        return cursor.fetchall() if cursor.description else []


def test_each_test_gets_a_database_of_its_own(fresh_database: Callable[..., str]) -> None:
    first, second = fresh_database(), fresh_database()
    rows(first, "CREATE TABLE ticket (number text)")
    assert rows(second, "SELECT count(*) FROM pg_tables WHERE tablename = 'ticket'") == [(0,)]


def test_a_database_can_be_copied_from_one_made_before(fresh_database: Callable[..., str]) -> None:
    template = fresh_database()
    rows(template, "CREATE TABLE ticket AS SELECT 'A001' AS number")
    copy = fresh_database(template=template.rsplit("/", 1)[1])
    assert rows(copy, "SELECT number FROM ticket") == [("A001",)]


def test_postgresql_listens_on_loopback_alone_and_keeps_utc(postgresql_url: str) -> None:
    assert rows(postgresql_url, "SHOW listen_addresses") == [("127.0.0.1",)]
    assert rows(postgresql_url, "SHOW timezone") == [("UTC",)]


def test_postgresql_keeps_what_was_committed_before_a_kill() -> None:
    with servers.postgresql_server() as server:
        folder = server.process.folder
        url = server.fresh_database()
        rows(url, "CREATE TABLE ticket AS SELECT 'A001' AS number")
        server.process.kill()
        server.start()
        assert rows(url, "SELECT number FROM ticket") == [("A001",)]
    assert not folder.exists()
    assert not server.process.is_alive()


def test_redis_comes_back_on_the_same_port() -> None:
    with servers.redis_server() as server:
        server.process.stop()
        assert not server.answers()
        server.start()
        assert server.answers()
        folder = server.process.folder
    assert not folder.exists()


def test_a_missing_server_is_named_in_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(servers.ServerMissing, match="Redis is not on this machine"), servers.redis_server():
        pass


def test_the_network_is_closed_but_for_this_machine(redis: servers.Redis) -> None:
    with socket.create_connection(("127.0.0.1", redis.port)):
        pass
    with socket.socket() as stranger, pytest.raises(NetworkClosed):
        stranger.connect(("192.0.2.1", 80))
    with pytest.raises(NetworkClosed):
        socket.getaddrinfo("example.invalid", 80)
