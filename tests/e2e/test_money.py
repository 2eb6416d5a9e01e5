"""Credits over HTTP: what is delivered is charged, once, and nothing else ever is."""

import base64
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.bank import issue_key
from tests.support.gate import ALLOWED, gated_picture
from tests.support.pictures import data_uri, decoded, encoded, scene
from tests.support.server import MODEL, PRICE, Books, books, rows, running_server

PATH = "/v1/images/generations"
PICTURE = scene(96, 64)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    data_dir = tmp_path_factory.mktemp("money") / "data"
    issue_key(data_dir, None)
    with running_server(data_dir, JOBS__QUEUE="64", **ALLOWED) as started:
        yield started


@pytest.fixture
def buyer(server):
    """A fresh account with 30 pictures' worth of credits, and a client of it."""
    issued = issue_key(server.data_dir, 30 * PRICE)
    with server.client(issued.key) as client:
        client.account = issued.account
        yield client


def body(prompt="Make it brighter.", image=None, **fields):
    """A request for an edit of a small picture at its own size, so that many are done soon."""
    images = [image or data_uri(PICTURE)]
    return {"model": MODEL, "prompt": prompt, "image_urls": images, "aspect_ratio": "auto"} | fields


def files_of(server, account):
    return [name for (name,) in rows(server.data_dir, f"SELECT name FROM files WHERE account_id = '{account}'")]


def on_disk(server):
    return {path.name for path in (server.data_dir / "files").iterdir()}


def edits_of(server, account):
    return rows(server.data_dir, f"SELECT state, charged_credits FROM edits WHERE account_id = '{account}'")


def test_fifty_at_once_with_credits_for_thirty(server, buyer):
    assert books(server.data_dir, buyer.account) == Books(2_520_000, 2_520_000, 0)
    with ThreadPoolExecutor(50) as threads:
        answers = list(threads.map(lambda _: buyer.post(PATH, json=body()), range(50)))
    assert Counter(answer.status_code for answer in answers) == {200: 30, 403: 20}
    refused = [answer.json() for answer in answers if answer.status_code == 403]
    assert {answer["error"]["data"]["kind"] for answer in refused} == {"err_insufficent_credits"}
    assert books(server.data_dir, buyer.account) == Books(0, 0, 0)
    charges = f"SELECT credits, edit_id FROM entries WHERE kind = 'CHARGE' AND account_id = '{buyer.account}'"
    charged = rows(server.data_dir, charges)
    delivered = [answer for answer in answers if answer.status_code == 200]
    assert [amount for amount, _ in charged] == [-PRICE] * 30
    assert {edit for _, edit in charged} == {answer.headers["x-inference-id"] for answer in delivered}
    assert edits_of(server, buyer.account) == [("succeeded", PRICE)] * 30  # a refused call leaves no row
    names = files_of(server, buyer.account)
    assert len(names) == 30
    assert {answer.json()["data"][0]["url"].rpartition("/")[2] for answer in delivered} == set(names) <= on_disk(server)


def test_four_pictures_that_vary_are_four_charges(server, buyer):
    answer = buyer.post(PATH, json=body(num_images=4, response_format="b64_json"))
    pictures = [item["b64_json"] for item in answer.json()["data"]]
    pixels = [decoded(base64.b64decode(picture)) for picture in pictures]
    assert len({array.tobytes() for array in pixels}) == len(pictures) == 4
    assert answer.json()["meta"]["usage"]["credits_used"] == 4 * PRICE
    assert answer.headers["x-aimlapi-credits-used"] == str(4 * PRICE)
    assert answer.headers["x-aimlapi-usd-spent"] == "0.168000000"
    assert books(server.data_dir, buyer.account) == Books(26 * PRICE, 26 * PRICE, 0)


def test_where_nothing_can_vary_one_is_delivered_charged_and_said(server, buyer):
    answer = buyer.post(PATH, json=body("Flip it horizontally.", num_images=4)).json()
    assert len(answer["data"]) == len(answer["images"]) == 1
    assert answer["meta"]["usage"]["credits_used"] == PRICE
    assert "1 picture was made instead of 4" in answer["description"]
    assert books(server.data_dir, buyer.account) == Books(29 * PRICE, 29 * PRICE, 0)


@pytest.mark.parametrize(
    ("fields", "status", "state"),
    [
        (
            {"image": "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"x" * 99).decode()},
            400,
            "failed",
        ),
        ({"image": data_uri(PICTURE)[:400]}, 400, "failed"),
        ({"prompt": "Write a poem about the sea."}, 400, None),
        ({"num_images": 5}, 400, None),
        ({"model": "nobody/knows"}, 400, None),
    ],
)
def test_what_fails_costs_nothing_and_leaves_nothing(server, buyer, fields, status, state):
    before = on_disk(server)
    answer = buyer.post(PATH, json=body(**fields))
    assert answer.status_code == status, answer.text
    assert books(server.data_dir, buyer.account) == Books(30 * PRICE, 30 * PRICE, 0)
    assert edits_of(server, buyer.account) == ([(state, 0)] if state else [])
    assert files_of(server, buyer.account) == []
    assert on_disk(server) == before


def test_the_same_key_and_body_answer_the_same_and_cost_once(server, buyer):
    first, again = [buyer.post(PATH, json=body(), headers={"Idempotency-Key": "k"}) for _ in range(2)]
    assert first.status_code == again.status_code == 200
    assert first.content == again.content
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["x-inference-id"] == first.headers["x-inference-id"] == first.headers["x-request-id"]
    assert again.headers["x-request-id"] != first.headers["x-request-id"]
    assert books(server.data_dir, buyer.account) == Books(29 * PRICE, 29 * PRICE, 0)
    other = buyer.post(PATH, json=body("Make it darker."), headers={"Idempotency-Key": "k"})
    assert (other.status_code, other.json()["error"]["data"]["kind"]) == (422, "err_idempotency_mismatch")
    assert books(server.data_dir, buyer.account) == Books(29 * PRICE, 29 * PRICE, 0)


def test_calls_with_one_key_at_the_same_time_are_one_edit(server, buyer):
    with gated_picture(encoded(PICTURE)) as picture, ThreadPoolExecutor(4) as threads:
        sent = body(image=picture.url)
        calls = [threads.submit(buyer.post, PATH, json=sent, headers={"Idempotency-Key": "k"}) for _ in range(4)]
        picture.wait_for_edit()
        picture.release()
        answers = [call.result() for call in calls]
    assert {(answer.status_code, answer.content) for answer in answers} == {(200, answers[0].content)}
    assert Counter(answer.headers.get("Idempotency-Replayed") for answer in answers) == {None: 1, "true": 3}
    assert edits_of(server, buyer.account) == [("succeeded", PRICE)]
    assert books(server.data_dir, buyer.account) == Books(29 * PRICE, 29 * PRICE, 0)


def test_a_failed_call_frees_its_key(server, buyer):
    headers = {"Idempotency-Key": "k"}
    assert buyer.post(PATH, json=body(image=data_uri(PICTURE)[:400]), headers=headers).status_code == 400
    second = buyer.post(PATH, json=body(), headers=headers)
    assert (second.status_code, second.headers.get("Idempotency-Replayed")) == (200, None)


@pytest.mark.parametrize(("key", "status"), [("k" * 255, 200), ("k" * 256, 400), ("", 400)])
def test_keys_have_1_to_255_characters(buyer, key, status):
    assert buyer.post(PATH, json=body(), headers={"Idempotency-Key": key}).status_code == status


def test_a_full_queue_is_told_at_once_and_costs_nothing(tmp_path):
    """The refusal comes while the one worker is busy, not after it: nothing of it waits for the edit in work."""
    data_dir = tmp_path / "data"
    issued = issue_key(data_dir, 30 * PRICE)
    with (
        running_server(data_dir, JOBS__QUEUE="1", JOBS__WORKERS="1", **ALLOWED) as server,
        server.client(issued.key) as client,
        gated_picture(encoded(PICTURE)) as picture,
        ThreadPoolExecutor(1) as threads,
    ):
        first = threads.submit(client.post, PATH, json=body(image=picture.url))
        picture.wait_for_edit()
        refused = client.post(PATH, json=body())
        assert refused.status_code == 503
        assert refused.json()["error"]["data"]["kind"] == "err_overloaded"
        assert int(refused.headers["Retry-After"]) >= 1
        assert books(data_dir, issued.account) == Books(30 * PRICE, 29 * PRICE, PRICE)
        picture.release()
        assert first.result().status_code == 200
        assert client.post(PATH, json=body()).status_code == 200
        assert books(data_dir, issued.account) == Books(28 * PRICE, 28 * PRICE, 0)
