"""`cavendish edit` and `cavendish plan` as scripts use them: exit codes, one line on stderr, files, report."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import PIL.Image
import pytest
import structlog

from cavendish import cli
from cavendish.domain.sizes import RATIO_SIZES
from tests.support.pictures import ball, scene

STEP_KEYS = {
    "op", "family", "target", "region", "parameters", "image", "exact", "available", "guards", "placement",
    "confidence", "span", "stated",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _alone(tmp_path, monkeypatch):
    """Neither this machine's settings nor its weights decide what the tests see."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CAVENDISH_WEIGHTS__FOLDER", str(tmp_path / "no-weights"))
    yield
    structlog.reset_defaults()  # the command line sets the logger up for its whole process


@pytest.fixture(autouse=True)
def _pictures(tmp_path):
    PIL.Image.fromarray(scene(200, 150)).save(tmp_path / "scene.png")
    PIL.Image.fromarray(ball(160, 120, radius=0.3)[0]).save(tmp_path / "ball.jpg", quality=95)
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")


@pytest.fixture
def run(monkeypatch, capsys):
    """Call the command line in this process: (exit code, lines on stdout, lines on stderr)."""

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["cavendish", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            cli.main()
        said = capsys.readouterr()
        return left.value.code or 0, said.out.splitlines(), said.err.splitlines()

    return call


def pixels(path):
    return np.asarray(PIL.Image.open(path))


# --- edit ---


def test_a_finished_edit_is_zero_and_described(run, tmp_path):
    code, out, err = run("edit", "scene.png", "--prompt", "flip it horizontally", "--out", "out.png")
    assert (code, err) == (0, [])
    assert out == ["Mirrored the picture."]
    assert np.array_equal(pixels(tmp_path / "out.png"), pixels(tmp_path / "scene.png")[:, ::-1])


def test_a_partly_finished_edit_is_zero_and_says_what_is_missing(run, tmp_path):
    code, out, _ = run("edit", "scene.png", "--prompt", "make it sepia and add a dragon", "--out", "out.png")
    assert code == 0
    assert "Not done: “add a dragon”" in out[0]
    assert (tmp_path / "out.png").exists()


@pytest.mark.parametrize(
    ("prompt", "said"),
    [("add a dragon", "add a dragon"), ("asdf", "asdf"), ("make the dragon brighter", "dragon")],
)
def test_nothing_doable_is_three(run, tmp_path, prompt, said):
    code, out, err = run("edit", "scene.png", "--prompt", prompt, "--out", "out.png")
    assert (code, out) == (3, [])
    assert len(err) == 1
    assert err[0].startswith("cavendish: ")
    assert said in err[0]
    assert not (tmp_path / "out.png").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "images"),
        (("scene.png", "--out", "out.png"), "prompt"),
        (("scene.png", "--prompt", "flip it"), "out"),
        (("missing.png", "--prompt", "flip it", "--out", "out.png"), "missing.png is not a file"),
        (("scene.png", "--prompt", "flip it", "--out", "out.gif"), ".png, .jpg, .jpeg, .webp"),
        (("scene.png", "--prompt", "flip it", "--out", "out.png", "--aspect-ratio", "7:5"), "7:5"),
        (("scene.png", "--prompt", "flip it", "--out", "out.png", "--num-images", "5"), "num-images"),
        (("scene.png", "--prompt", "flip it", "--out", "out.png", "--num-images", "0"), "num-images"),
        (("scene.png", "--prompt", "flip it", "--out", "out.png", "--seed", "-1"), "seed"),
        (("scene.png", "--prompt", "flip it", "--out", "out.png", "--frobnicate"), "frobnicate"),
        (("broken.png", "--prompt", "flip it", "--out", "out.png"), "image_urls[0]"),
        (("scene.png",) * 15 + ("--prompt", "flip it", "--out", "out.png"), "1 to 14 pictures"),
    ],
)
def test_misuse_is_two_with_one_line(run, tmp_path, arguments, said):
    code, out, err = run("edit", *arguments)
    assert (code, out) == (2, [])
    assert len(err) == 1
    assert err[0].startswith("cavendish: ")
    assert said in err[0]
    assert not (tmp_path / "out.png").exists()


def test_a_folder_that_is_not_there_is_two_and_nothing_is_made(run):
    code, out, err = run("edit", "scene.png", "--prompt", "flip it", "--out", "no/such/folder/out.png")
    assert (code, out) == (2, [])
    assert len(err) == 1


def test_no_command_shows_the_help_page(run):
    code, out, err = run()
    assert code == 2
    assert any("edit" in line for line in [*out, *err])


def test_several_pictures_are_numbered(run, tmp_path):
    arguments = (
        "scene.png",
        "--prompt",
        "make it brighter",
        "--out",
        "out.png",
        "--num-images",
        3,
        "--report",
        "r.json",
    )
    code, _, _ = run("edit", *arguments)
    assert code == 0
    assert sorted(path.name for path in tmp_path.glob("out*")) == ["out-1.png", "out-2.png", "out-3.png"]
    assert json.loads((tmp_path / "r.json").read_text())["files"] == ["out-1.png", "out-2.png", "out-3.png"]
    assert len({pixels(tmp_path / f"out-{k}.png").tobytes() for k in (1, 2, 3)}) == 3


def test_asked_for_several_even_one_is_numbered(run, tmp_path):
    """A script that asks for three looks for OUT-1, however many come."""
    code, out, _ = run("edit", "scene.png", "--prompt", "flip it", "--out", "out.png", "--num-images", 3)
    assert code == 0
    assert "1 picture was made instead of 3" in out[0]
    assert [path.name for path in tmp_path.glob("out*")] == ["out-1.png"]


@pytest.mark.parametrize(
    ("name", "kind"), [("out.png", "PNG"), ("out.jpg", "JPEG"), ("out.JPEG", "JPEG"), ("out.webp", "WEBP")]
)
def test_the_name_says_the_format(run, tmp_path, name, kind):
    run("edit", "scene.png", "--prompt", "flip it", "--out", name)
    assert PIL.Image.open(tmp_path / name).format == kind


def test_the_default_keeps_the_pictures_size_and_a_ratio_gives_the_tables(run, tmp_path):
    run("edit", "scene.png", "--prompt", "make it sepia", "--out", "auto.png")
    run("edit", "scene.png", "--prompt", "make it sepia", "--out", "wide.png", "--aspect-ratio", "21:9")
    assert PIL.Image.open(tmp_path / "auto.png").size == (200, 150)
    assert PIL.Image.open(tmp_path / "wide.png").size == RATIO_SIZES["21:9"]


def test_the_report_holds_what_an_answer_would(run, tmp_path):
    prompt = "make it sepia, flip it and add a dragon"
    _, out, _ = run("edit", "scene.png", "--prompt", prompt, "--out", "out.png", "--report", "r.json", "--seed", 7)
    report = json.loads((tmp_path / "r.json").read_text())
    assert set(report) == {"description", "edit", "plan", "files"}
    assert report["description"] == out[0]
    assert report["files"] == ["out.png"]
    assert report["edit"]["engine"] == "embedded"
    assert report["edit"]["seed"] == 7
    assert [(s["op"], s["status"]) for s in report["edit"]["steps"]] == [
        ("flip", "done"),
        ("sepia", "done"),
        ("add_content", "skipped"),
    ]
    assert [step["op"] for step in report["plan"]["steps"]] == ["flip", "sepia", "add_content"]
    assert all(set(step) == STEP_KEYS for step in report["plan"]["steps"])


def test_the_same_seed_gives_the_same_files(run, tmp_path):
    arguments = ("scene.png", "ball.jpg", "--prompt", "put the ball from image 2 on the right", "--num-images", 2)
    for name in ("one.png", "two.png"):
        run("edit", *arguments, "--seed", 5, "--out", name)
    for k in (1, 2):
        assert (tmp_path / f"one-{k}.png").read_bytes() == (tmp_path / f"two-{k}.png").read_bytes()


def test_pictures_are_taken_in_order(run, tmp_path):
    prompt = "replace the background with the second picture"
    code, out, _ = run("edit", "ball.jpg", "scene.png", "--prompt", prompt, "--out", "out.png")
    assert code == 0
    assert "picture 2" in out[0]
    result = pixels(tmp_path / "out.png")
    assert result.shape == (120, 160, 3)
    assert result[60, 80, 0] > result[60, 80, 1] + 40, "the red ball is still in front"
    assert result[3, 3, 2] > result[3, 3, 0] + 40, "the sky is behind it"


def test_the_module_is_the_command(tmp_path):
    """The same through a process of its own, as a shell script calls it."""
    command = [
        sys.executable,
        "-m",
        "cavendish",
        "edit",
        "scene.png",
        "--prompt",
        "rotate 90 degrees",
        "--out",
        "out.png",
    ]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert np.array_equal(pixels(tmp_path / "out.png"), np.rot90(pixels(tmp_path / "scene.png"), -1))


# --- pointing ---


@pytest.fixture
def _mask(tmp_path):
    """White over the left half of the scene."""
    PIL.Image.fromarray(np.where(np.arange(200) < 100, 255, 0).astype(np.uint8)[None].repeat(150, 0)).save(
        tmp_path / "mask.png"
    )


@pytest.mark.usefixtures("_mask")
def test_a_mask_says_where(run, tmp_path):
    arguments = ("scene.png", "--prompt", "make it brighter", "--mask", "mask.png", "--out", "out.png")
    assert run("edit", *arguments)[0] == 0
    changed = (pixels(tmp_path / "out.png") != pixels(tmp_path / "scene.png")).any(-1)
    assert changed[:, :100].mean() > 0.99
    assert not changed[:, 100:].any()


@pytest.mark.parametrize("pointing", [("--point", "0.5,0.5"), ("--box", "0.2,0.1,0.8,0.9")])
def test_a_thing_is_pointed_at(run, tmp_path, pointing):
    PIL.Image.fromarray(ball(160, 120, center=(0.5, 0.5), radius=0.3)[0]).save(tmp_path / "ball.png")
    assert run("edit", "ball.png", "--prompt", "make it brighter", *pointing, "--out", "out.png")[0] == 0
    changed = (pixels(tmp_path / "out.png") != pixels(tmp_path / "ball.png")).any(-1)
    assert changed[50:70, 70:90].all()
    assert not changed[:, :20].any()


@pytest.mark.usefixtures("_mask")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--point", "0.5"), "--point takes X,Y, each from 0 to 1, not '0.5'"),
        (("--point", "0.5,0.5", "--point", "80,60"), "not '80,60'"),
        (("--point", "nan,0"), "not 'nan,0'"),
        (("--point", "0.5,0.5") * 17, "At most 16"),
        (("--box", "0,0,1"), "--box takes L,T,R,B, each from 0 to 1, not '0,0,1'"),
        (("--box", "0.5,0,0.5,1"), "L less than R"),
        (("--box", "a,b,c,d"), "not 'a,b,c,d'"),
        (("--mask", "missing.png"), "missing.png is not a file"),
        (("--mask", "broken.png"), "mask is not a picture"),
        (("--mask", "mask.png", "--box", "0,0,1,1"), "Give either --mask"),
        (("--mask", "mask.png", "--point", "0,0"), "Give either --mask"),
    ],
)
def test_pointing_misused_is_two(run, tmp_path, arguments, said):
    code, out, err = run("edit", "scene.png", "--prompt", "make it brighter", *arguments, "--out", "out.png")
    assert (code, out, len(err)) == (2, [], 1)
    assert said in err[0]
    assert not (tmp_path / "out.png").exists()


@pytest.mark.usefixtures("_mask")
@pytest.mark.parametrize("pointing", [("--point", "0.5,0.5"), ("--box", "0,0,1,1"), ("--mask", "mask.png")])
def test_pointing_without_effect_is_two(run, pointing):
    code, _, err = run("edit", "scene.png", "--prompt", "flip it", *pointing, "--out", "out.png")
    assert (code, len(err)) == (2, 1)


# --- plan ---


def test_a_plan_is_shown_in_a_picture(run, tmp_path):
    """Half a picture is found without any network."""
    words = "make the left half brighter and flip it"
    code, out, err = run("plan", words, "--image", "scene.png", "--overlay", "seen.png")
    assert (code, err) == (0, [])
    at = next(k for k, line in enumerate(out) if line.strip().startswith("adjust_brightness"))
    assert "box 0, 0, 100, 150 px, 50" in out[at + 1]
    assert [line for line in out if "flip" in line.split()[0]]
    seen, before = pixels(tmp_path / "seen.png"), pixels(tmp_path / "scene.png")
    assert np.array_equal(seen[40:145, 5:90], before[40:145, 5:90])
    assert (seen[40:, 110:] < before[40:, 110:]).all()
    alone = run("plan", words)[1]
    assert [line for line in out if not line.startswith("      ")] == alone


def test_a_thing_that_is_not_in_the_picture_is_said_and_nothing_is_written(run, tmp_path):
    arguments = ("plan", "make the dragon brighter", "--image", "scene.png")
    code, out, _ = run(*arguments)
    assert code == 0
    assert out[2].startswith("      not found: ")
    assert "dragon" in out[2]
    code, _, err = run(*arguments, "--overlay", "seen.png")
    assert (code, len(err)) == (3, 1)
    assert not (tmp_path / "seen.png").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("flip it", "--overlay", "seen.png"), "give --image"),
        (("flip it", "--image", "missing.png"), "missing.png is not a file"),
        (("flip it", "--image", "broken.png"), "--image is not a picture"),
        (("flip it", "--image", "scene.png", "--json"), "not with --json"),
        (("--jsonl", "in.jsonl", "--image", "scene.png"), "not with --json"),
        (("flip it", "--image", "scene.png", "--overlay", "seen.jpg"), "ending in .png"),
        (("flip it", "--image", "scene.png", "--overlay", "no/folder/seen.png"), "not a folder"),
    ],
)
def test_a_plans_picture_misused_is_two(run, arguments, said):
    code, out, err = run("plan", *arguments)
    assert (code, out, len(err)) == (2, [], 1)
    assert said in err[0]


def test_a_plan_as_json(run):
    code, out, err = run("plan", "put the mug from image 2 on the left", "--images", 2, "--json")
    plan = json.loads("\n".join(out))
    assert (code, err) == (0, [])
    assert set(plan) == {"version", "steps", "unsupported", "description"}
    (step,) = plan["steps"]
    assert set(step) == STEP_KEYS
    assert (step["op"], step["image"], step["placement"], step["target"]) == ("place_subject", 1, "left", "mug")


def test_a_plan_for_people(run):
    code, out, _ = run("plan", "make it sepia. Frobnicate the gizmo.")
    assert code == 0
    assert out[0].startswith("Understood: gave the picture a sepia tone. Not done: “Frobnicate the gizmo”")
    assert out[1].split()[0] == "sepia"


def planned(run, folder, *lines):
    """What `cavendish plan --jsonl` says of each line."""
    (folder / "in.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n", "utf-8")
    code, out, err = run("plan", "--jsonl", "in.jsonl")
    assert (code, err) == (0, [])
    return [json.loads(line) for line in out]


def test_plans_of_many_lines(run, tmp_path):
    made = planned(
        run,
        tmp_path,
        {"id": "a", "instruction": "make it brighter by 20%", "n_inputs": 1},
        {"id": 7, "instruction": "use image 3 as the background", "n_inputs": 3},
        {"id": "c", "instruction": "juggle"},
        {"id": "d", "instruction": "mach das Bild heller", "n_inputs": 1, "previous": None},
    )
    assert [set(line) for line in made] == [{"id", "steps", "unsupported", "description"}] * 4
    assert [line["id"] for line in made] == ["a", 7, "c", "d"]
    assert made[0]["steps"][0]["parameters"] == {"amount": 0.2}
    assert [step["image"] for step in made[1]["steps"]] == [2]
    assert made[2]["unsupported"] == [{"text": "juggle", "reason": "no operation was found for these words"}]
    assert [step["op"] for step in made[3]["steps"]] == ["adjust_brightness"]
    assert all(set(step) == STEP_KEYS for line in made for step in line["steps"])


def test_a_line_follows_up_on_an_earlier_plan_or_on_its_words(run, tmp_path):
    words = "make it brighter and rotate it 90 degrees"
    (earlier,) = planned(run, tmp_path, {"id": 0, "instruction": words})
    plan = {"version": 1, "steps": earlier["steps"]}
    less = {"instruction": "a bit less", "n_inputs": 1}
    by_plan, by_words, undone, alone = planned(
        run,
        tmp_path,
        {"id": 1, "previous": plan, **less},
        {"id": 2, "previous": words, **less},
        {"id": 3, "previous": plan, "instruction": "undo the rotation"},
        {"id": 4, **less},
    )
    assert by_plan["steps"] == by_words["steps"]
    amounts = [{step["op"]: step["parameters"] for step in line["steps"]} for line in (earlier, by_plan)]
    assert 0 < amounts[1]["adjust_brightness"]["amount"] < amounts[0]["adjust_brightness"]["amount"]
    assert amounts[1]["rotate"] == amounts[0]["rotate"] == {"angle_deg": 90}
    assert [step["op"] for step in undone["steps"]] == ["adjust_brightness"]
    assert alone["steps"] == []


def test_an_earlier_plan_that_is_none_is_two_and_named(run, tmp_path):
    line = {"id": 1, "instruction": "a bit less", "previous": {"version": 1, "steps": [{"op": "explode"}]}}
    (tmp_path / "in.jsonl").write_text(json.dumps(line), "utf-8")
    code, out, err = run("plan", "--jsonl", "in.jsonl")
    assert (code, out) == (2, [])
    assert "line 1: previous.steps[0].op" in err[0]


@pytest.mark.parametrize(
    "line",
    [
        "not json",
        "[]",
        '"text"',
        '{"id": 1}',
        '{"instruction": "x"}',
        '{"id": 1, "instruction": 5}',
        '{"id": 1, "instruction": "x", "n_inputs": "two"}',
    ],
)
def test_a_line_that_is_no_instruction_is_two_and_named(run, tmp_path, line):
    (tmp_path / "in.jsonl").write_text('{"id": 0, "instruction": "flip it"}\n' + line + "\n", "utf-8")
    code, out, err = run("plan", "--jsonl", "in.jsonl")
    assert code == 2
    assert len(out) == 1
    assert len(err) == 1
    assert "Line 2" in err[0]


@pytest.mark.parametrize("arguments", [(), ("flip it", "--jsonl", "in.jsonl"), ("flip it", "--images", "15")])
def test_plan_misused_is_two(run, arguments):
    code, _, err = run("plan", *arguments)
    assert code == 2
    assert len(err) == 1


def test_a_missing_list_is_two(run):
    code, _, err = run("plan", "--jsonl", "missing.jsonl")
    assert code == 2
    assert len(err) == 1
