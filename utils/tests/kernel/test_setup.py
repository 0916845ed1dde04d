"""The set-up cell, where a reader may start it."""

import re
import subprocess

import pytest

from ..conftest import ROOT
from ..files import SETUP, course_copy
from .kernel import kernel, text

HOME = "someone/their-course"
PUBLISHED = re.sub('REPO, REF = "[^"]+"', f'REPO, REF = "{HOME}"', SETUP)


@pytest.fixture
def published(tmp_path):
    """A repository that stands in for the one on GitHub, and the environment in which git finds it there."""
    source = tmp_path / "published"
    source.mkdir()
    course_copy(source)
    subprocess.run("git init -q -b main && git add -A && git -c user.name=a -c user.email=a@b commit -qm x",
                   shell=True, check=True, cwd=source)
    empty = tmp_path / "content"
    empty.mkdir()
    return empty, {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": f"url.file://{source}.insteadOf",
                   "GIT_CONFIG_VALUE_0": f"https://github.com/{HOME}", "COLAB_RELEASE_TAG": "release"}


def in_folder(k, folder, env, setup=PUBLISHED):
    k.run(f"import os, sys, types\nos.chdir({str(folder)!r})\nos.environ.update({env!r})\n"
          "sys.modules['google.colab'] = types.ModuleType('google.colab')\n"
          f"sys.path[:] = [p for p in sys.path if p != {str(ROOT)!r}]")
    return k.run(setup)


def test_setup_in_the_course_twice():
    with kernel() as k:
        for _ in range(2):
            messages = k.run(SETUP)
            assert re.fullmatch(r"(cpu|cuda|mps) \(.*training budget x [\d.]+\n", text(messages))
            assert [kind for kind, _ in messages] == ["stream"]
        assert text(k.run(f"print(sys.path.count({str(ROOT)!r}))")) == "1\n"


def test_setup_from_an_empty_folder_and_after_a_restart(published):
    folder, env = published
    for _ in range(2):
        with kernel() as k:
            for _ in range(2):
                messages = in_folder(k, folder, env)
                assert "training budget x" in text(messages), messages
    assert [path.name for path in folder.iterdir()] == ["their-course"]


def test_setup_leaves_a_folder_of_the_reader_alone(published):
    """Even one with the course's own name, or half a copy of it."""
    folder, env = published
    mine = folder / "their-course" / "utils" / "train.py"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine = 1")
    for _ in range(2):
        with kernel() as k:
            assert "training budget x" in text(in_folder(k, folder, env))
            assert text(k.run("print(root.name)")) == "their-course-course\n"
    assert mine.read_text() == "mine = 1" and len(list(folder.iterdir())) == 2


def test_setup_without_a_network_says_so_and_leaves_nothing(tmp_path):
    nowhere = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": f"url.file://{tmp_path}/nowhere.insteadOf",
               "GIT_CONFIG_VALUE_0": "https://github.com/"}
    for setup, sentence in ((PUBLISHED, "The course could not be downloaded: connect to a network"),
                            (SETUP, "This notebook does not know where the course lives")):
        with kernel() as k:
            kind, error = in_folder(k, tmp_path, nowhere, setup)[-1]
            assert kind == "error" and error["evalue"].startswith(sentence)
    assert not list(tmp_path.iterdir())
