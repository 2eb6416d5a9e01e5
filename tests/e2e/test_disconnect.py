"""Clients that leave, and servers that are asked to."""

import json
import signal
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.bank import issue_key
from tests.support.gate import ALLOWED, gated_picture
from tests.support.pictures import data_uri, encoded, scene
from tests.support.poll import until
from tests.support.server import MODEL, PRICE, Books, books, rows, running_server

PATH = "/v1/images/generations"
PICTURE = scene(96, 64)


def body(image):
    return {"model": MODEL, "prompt": "Make it brighter.", "image_urls": [image], "aspect_ratio": "auto"}


def call_raw(server, key, sent, *headers):
    """Send one whole request on a socket of our own, so that leaving is ours to decide."""
    data = json.dumps(sent).encode()
    host, port = server.origin.removeprefix("http://").split(":")
    head = [
        f"POST {PATH} HTTP/1.1",
        f"Host: {host}",
        f"Authorization: Bearer {key}",
        "Content-Type: application/json",
        f"Content-Length: {len(data)}",
        *headers,
    ]
    connection = socket.create_connection((host, int(port)))
    connection.sendall("\r\n".join([*head, "", ""]).encode() + data)
    return connection


def states(server, account):
    return [state for (state,) in rows(server.data_dir, f"SELECT state FROM edits WHERE account_id = '{account}'")]


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    data_dir = tmp_path_factory.mktemp("disconnect") / "data"
    issue_key(data_dir, None)
    with running_server(data_dir, JOBS__WORKERS="1", **ALLOWED) as started:
        yield started


@pytest.fixture
def caller(server):
    return issue_key(server.data_dir, 10 * PRICE)


def test_a_client_that_leaves_takes_its_edit_with_it_and_frees_the_worker(server, caller):
    with gated_picture(encoded(PICTURE)) as picture:
        connection = call_raw(server, caller.key, body(picture.url))
        picture.wait_for_edit()
        assert states(server, caller.account) == ["running"]
        assert books(server.data_dir, caller.account) == Books(10 * PRICE, 9 * PRICE, PRICE)
        connection.close()
        until(lambda: states(server, caller.account) == ["cancelled"])
        assert books(server.data_dir, caller.account) == Books(10 * PRICE, 10 * PRICE, 0)
        with server.client(caller.key) as client:  # the only worker takes it, though the picture never came
            assert client.post(PATH, json=body(data_uri(PICTURE))).status_code == 200
        assert states(server, caller.account) == ["cancelled", "succeeded"]
    assert books(server.data_dir, caller.account) == Books(9 * PRICE, 9 * PRICE, 0)


def test_a_client_that_leaves_the_queue_is_released_while_the_worker_is_busy(server, caller):
    with (
        gated_picture(encoded(PICTURE)) as picture,
        ThreadPoolExecutor(1) as threads,
        server.client(caller.key) as client,
    ):
        busy = threads.submit(client.post, PATH, json=body(picture.url))
        picture.wait_for_edit()
        waiting = call_raw(server, caller.key, body(picture.url))
        until(lambda: states(server, caller.account) == ["running", "queued"])
        waiting.close()
        until(lambda: states(server, caller.account) == ["running", "cancelled"])
        assert books(server.data_dir, caller.account) == Books(10 * PRICE, 9 * PRICE, PRICE)
        picture.release()
        assert busy.result().status_code == 200


def test_with_an_idempotency_key_the_edit_runs_on_and_is_kept(server, caller):
    with gated_picture(encoded(PICTURE)) as picture, server.client(caller.key) as client:
        connection = call_raw(server, caller.key, body(picture.url), "Idempotency-Key: k")
        picture.wait_for_edit()
        connection.close()
        probe = call_raw(server, caller.key, body(picture.url))  # once this one is seen to leave, so was the first
        until(lambda: states(server, caller.account) == ["running", "queued"])
        probe.close()
        until(lambda: states(server, caller.account) == ["running", "cancelled"])
        picture.release()
        until(lambda: states(server, caller.account) == ["succeeded", "cancelled"])
        assert books(server.data_dir, caller.account) == Books(9 * PRICE, 9 * PRICE, 0)
        answer = client.post(PATH, json=body(picture.url), headers={"Idempotency-Key": "k"})
        assert (answer.status_code, answer.headers["Idempotency-Replayed"]) == (200, "true")
        assert client.get(answer.json()["data"][0]["url"]).status_code == 200
    assert books(server.data_dir, caller.account) == Books(9 * PRICE, 9 * PRICE, 0)


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_a_server_asked_to_stop_answers_open_calls_first(tmp_path, stop):
    data_dir = tmp_path / "data"
    caller = issue_key(data_dir, 10 * PRICE)
    with (
        running_server(data_dir, JOBS__WORKERS="1", **ALLOWED) as server,
        gated_picture(encoded(PICTURE)) as picture,
        ThreadPoolExecutor(2) as threads,
        server.client(caller.key) as client,
    ):
        calls = [threads.submit(client.post, PATH, json=body(picture.url)) for _ in range(2)]
        picture.wait_for_edit()
        until(lambda: sorted(states(server, caller.account)) == ["queued", "running"])
        server.process.send_signal(stop)
        until(lambda: not listens(server))
        assert server.process.poll() is None
        picture.release()
        assert [call.result().status_code for call in calls] == [200, 200]
        assert server.process.wait(timeout=30) == 0
    assert states(server, caller.account) == ["succeeded", "succeeded"]
    assert books(data_dir, caller.account) == Books(8 * PRICE, 8 * PRICE, 0)


def listens(server):
    """Whether anybody still accepts connections there."""
    try:
        socket.create_connection(("127.0.0.1", int(server.origin.rpartition(":")[2])), timeout=5).close()
    except OSError:
        return False
    return True


def test_a_stopping_server_releases_what_does_not_finish_in_time(tmp_path):
    """With an idempotency key and its client gone, nothing but the drain time holds the server up."""
    data_dir = tmp_path / "data"
    caller = issue_key(data_dir, 10 * PRICE)
    with (
        gated_picture(encoded(PICTURE)) as picture,
        running_server(data_dir, JOBS__DRAIN_S="0.2", **ALLOWED) as server,
    ):
        connection = call_raw(server, caller.key, body(picture.url), "Idempotency-Key: k")
        picture.wait_for_edit()
        connection.close()
        server.process.terminate()
        assert server.process.wait(timeout=30) == 0
        assert states(server, caller.account) == ["cancelled"]
        assert books(data_dir, caller.account) == Books(10 * PRICE, 10 * PRICE, 0)


def test_a_caller_who_waits_for_a_server_that_stops_is_told_to_come_back(tmp_path):
    data_dir = tmp_path / "data"
    caller = issue_key(data_dir, 10 * PRICE)
    with (
        gated_picture(encoded(PICTURE)) as picture,
        running_server(data_dir, JOBS__DRAIN_S="0.2", **ALLOWED) as server,
        ThreadPoolExecutor(1) as threads,
        server.client(caller.key) as client,
    ):
        call = threads.submit(client.post, PATH, json=body(picture.url))
        picture.wait_for_edit()
        server.process.terminate()
        answer = call.result()
        assert (answer.status_code, answer.json()["error"]["data"]["kind"]) == (503, "err_overloaded")
        assert int(answer.headers["Retry-After"]) >= 1
        assert server.process.wait(timeout=30) == 0
    assert books(data_dir, caller.account) == Books(10 * PRICE, 10 * PRICE, 0)
