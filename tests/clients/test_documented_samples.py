"""The samples of the documentation page this server answers to, run as a reader would run them."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys

import httpx2
import PIL.Image
import pytest

from tests.clients.conftest import KEY
from tests.support.server import rows

PYTHON = """\
import requests
import json

def main():
    response = requests.post(
        "https://api.aimlapi.com/v1/images/generations",
        headers={
            # Insert your AIML API Key instead of <YOUR_AIMLAPI_KEY>:
            "Authorization": "Bearer <YOUR_AIMLAPI_KEY>",
            "Content-Type": "application/json",
        },
        json={
            "model": "google/gemini-2.5-flash-image-edit",
            "image_urls": [
                "https://raw.githubusercontent.com/aimlapi/api-docs/main/reference-files/t-rex.png",
                "https://raw.githubusercontent.com/aimlapi/api-docs/main/reference-files/blue-mug.jpg"
            ],
            "prompt": "Combine the images so the T-Rex is wearing a business suit, sitting in a cozy small café, drinking from the mug. Blur the background slightly to create a bokeh effect.",
        }
    )

    data = response.json()
    print(json.dumps(data, indent=2, ensure_ascii=False))

if __name__ == "__main__":
    main()
"""  # noqa: E501 - byte for byte as documented

JAVASCRIPT = """\
async function main() {
    const response = await fetch('https://api.aimlapi.com/v1/images/generations', {
      method: 'POST',
      headers: {
        // Insert your AIML API Key instead of <YOUR_AIMLAPI_KEY>:
        'Authorization': 'Bearer <YOUR_AIMLAPI_KEY>',
        'Content-Type': 'application/json',
      },
      body: JSON.stringify({
        model: 'google/gemini-2.5-flash-image-edit',
        image_urls: [
                'https://raw.githubusercontent.com/aimlapi/api-docs/main/reference-files/t-rex.png',
                'https://raw.githubusercontent.com/aimlapi/api-docs/main/reference-files/blue-mug.jpg'
        ],
        prompt: 'Combine the images so the T-Rex is wearing a business suit, sitting in a cozy small café, drinking from the mug. Blur the background slightly to create a bokeh effect.',
      }),
    });
}

main();
"""  # noqa: E501 - byte for byte as documented

READS_THE_ANSWER = "main();\n", "main().then(async (response) => console.log(await response.text()));\n"


def pointed_here(sample: str, server, uploads: tuple[str, str]) -> str:
    """The sample with base URL, key and image addresses replaced, each exactly where it stands."""
    folder = "https://raw.githubusercontent.com/aimlapi/api-docs/main/reference-files"
    replacements = {
        "https://api.aimlapi.com": server.origin,
        "Bearer <YOUR_AIMLAPI_KEY>": f"Bearer {KEY}",
        f"{folder}/t-rex.png": uploads[0],
        f"{folder}/blue-mug.jpg": uploads[1],
    }
    for old, new in replacements.items():
        assert sample.count(old) == 1
        sample = sample.replace(old, new)
    return sample


def run(command: list[str], environment: dict[str, str]) -> str:
    """What a script prints; it must end well."""
    done = subprocess.run(
        command, capture_output=True, text=True, encoding="utf-8", env=os.environ | environment, timeout=100
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def check_answer(answer: dict) -> None:
    """Hold an answer to the page's schema, its example, and its table."""
    (data,), (image,) = answer["data"], answer["images"]
    assert isinstance(answer["meta"]["usage"]["credits_used"], int)
    assert answer["meta"]["usage"]["credits_used"] == 84_000
    assert data["url"] == image["url"]
    assert (image["content_type"], image["file_name"]) == ("image/png", "output.png")
    assert (image["width"], image["height"]) == (1024, 1024), "the documented default is 1:1"
    assert answer["description"]
    statuses = {step["op"]: step["status"] for step in answer["meta"]["edit"]["steps"]}
    assert statuses["place_subject"] == statuses["blur_background"] == "done"
    assert statuses["change_clothes"] == "skipped"
    assert "business suit" in answer["description"].partition("Not done:")[2]
    with httpx2.Client(trust_env=False) as anyone:
        file = anyone.get(data["url"]).content
    assert len(file) == image["file_size"]
    assert PIL.Image.open(io.BytesIO(file)).size == (1024, 1024)


def test_the_python_sample_prints_a_valid_answer(client_server, uploads, tmp_path, child_environment):
    script = tmp_path / "sample.py"
    script.write_text(pointed_here(PYTHON, client_server, uploads), encoding="utf-8")
    check_answer(json.loads(run([sys.executable, str(script)], child_environment)))


node = pytest.mark.skipif(shutil.which("node") is None, reason="node is not on PATH")


@node
def test_the_javascript_sample_runs_and_its_edit_is_done(client_server, uploads, tmp_path, child_environment):
    def done() -> int:
        return rows(client_server.data_dir, "SELECT COUNT(*) FROM edits WHERE state = 'succeeded'")[0][0]

    before = done()
    script = tmp_path / "sample.mjs"
    script.write_text(pointed_here(JAVASCRIPT, client_server, uploads), encoding="utf-8")
    assert run(["node", str(script)], child_environment) == ""
    assert done() == before + 1


@node
def test_the_javascript_sample_receives_a_valid_answer(client_server, uploads, tmp_path, child_environment):
    """The documented sample never reads its answer; this one returns and prints it."""
    old, new = READS_THE_ANSWER
    body = pointed_here(JAVASCRIPT, client_server, uploads)
    assert body.endswith(f"    }});\n}}\n\n{old}")
    body = body.removesuffix(f"}}\n\n{old}") + f"    return response;\n}}\n\n{new}"
    script = tmp_path / "sample.mjs"
    script.write_text(body, encoding="utf-8")
    check_answer(json.loads(run(["node", str(script)], child_environment)))
