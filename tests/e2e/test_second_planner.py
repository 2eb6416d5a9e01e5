"""A server with a chat model behind its planner: the whole way from a sentence to pixels."""

from __future__ import annotations

import pytest

from tests.support.calls import Caller
from tests.support.chat import running_chat
from tests.support.server import running_server

KEY = "c0ffee00" * 4
CHAT_KEY = "sk-only-for-the-chat-server"


@pytest.fixture
def chat():
    with running_chat() as running:
        yield running


def test_words_the_phrases_cannot_read_are_edited(chat, tmp_path):
    chat.plans({"op": "black_and_white", "target": "", "span": "zorbulate the frumious wibble"})
    data_dir = tmp_path / "data"
    planner = {"PLANNER__URL": chat.url, "PLANNER__MODEL": "tiny", "PLANNER__KEY": CHAT_KEY}
    with running_server(data_dir, BOOTSTRAP_KEY=KEY, **planner) as server, server.client(KEY) as client:
        api = Caller(client)
        answer = api.edit(prompt="Zorbulate the frumious wibble. Flip it horizontally.")
        assert [step["op"] for step in answer["meta"]["edit"]["steps"]] == ["flip", "black_and_white"]
        assert "language model" in answer["description"]
        red, green, blue = api.picture(answer).convert("RGB").getpixel((5, 5))
        assert red == green == blue
        chat.says("The model is out for lunch.")
        assert api.refused(prompt="Fandangle the gizmo.").kind == "err_unsupported_edit"
    assert [call.headers["Authorization"] for call in chat.calls] == [f"Bearer {CHAT_KEY}"] * 2
    log = (tmp_path / "data.log").read_text()
    assert "no plan from the chat model" in log
    assert CHAT_KEY not in log
    assert "andangle" not in log
