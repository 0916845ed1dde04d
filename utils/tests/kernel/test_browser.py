"""Notebooks in JupyterLab in Chromium: run, live figure, stop button. Skipped where there is no Chromium."""

import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest

from ..conftest import DEV, ROOT
from ..files import FRENCH, NOTEBOOKS, course_copy

playwright = pytest.importorskip("playwright.sync_api", reason=DEV)
TimeoutError, sync_playwright = playwright.TimeoutError, playwright.sync_playwright
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = [pytest.mark.browser,
              pytest.mark.skipif(not CHROMIUM, reason="no Chromium here: apt-get install chromium")]
FAILED = '[data-mime-type="application/vnd.jupyter.stderr"]'         # what it prints there, and tracebacks
PROMPTS = "[...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')]"


def name(path):
    """A notebook's path in the folder of notebooks, without its ending."""
    return path.relative_to(ROOT / "notebooks").with_suffix("").as_posix()


def without_outputs(notebook):
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A JupyterLab server on a copy of the course; gives its address."""
    work = tmp_path_factory.mktemp("lab")
    course_copy(work, **{name(path): without_outputs(nbformat.read(path, as_version=4)) for path in NOTEBOOKS + FRENCH})
    settings = work / "settings" / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps({"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True}))
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    env = dict(os.environ, JUPYTERLAB_SETTINGS_DIR=str(work / "settings"), JUPYTERLAB_WORKSPACES_DIR=str(work / "ws"),
               JUPYTER_RUNTIME_DIR=str(work / "run"))
    with (work / "log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}",
             "--ServerApp.port_retries=0", "--IdentityProvider.token=t", f"--ServerApp.root_dir={work}"],
            env=env, stdout=log, stderr=subprocess.STDOUT)
        url = f"http://127.0.0.1:{port}"
        for _ in range(240):
            assert server.poll() is None, (work / "log").read_text()
            try:
                urllib.request.urlopen(f"{url}/api?token=t", timeout=2).close()
                break
            except OSError:
                time.sleep(0.25)
        else:
            pytest.fail("JupyterLab did not answer within a minute")
        yield url
        server.terminate()
        server.wait(30)


@pytest.fixture(scope="module")
def chromium():
    with sync_playwright() as p:
        browser = p.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield browser
        browser.close()


@pytest.fixture
def page(chromium):
    page = chromium.new_page(viewport={"width": 1200, "height": 1000})
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    yield page
    page.close()


def open_notebook(page, lab, path):
    page.goto(f"{lab}/lab/tree/notebooks/{name(path)}.ipynb?token=t&reset")
    page.wait_for_selector('.jp-Notebook-ExecutionIndicator[data-status="idle"]', timeout=90_000)


def run_all(page):
    """Menu, Run All Cells. A click may be swallowed, or met by a dialog, while the kernel is still connecting."""
    page.wait_for_timeout(3_000)                      # idle is shown before the connection stands
    for _ in range(5):
        accept = page.locator(".jp-Dialog .jp-mod-accept")
        try:
            if accept.count():
                accept.first.click(timeout=5_000)
            page.get_by_role("menuitem", name="Run", exact=True).click(timeout=5_000)
            page.get_by_role("menuitem", name="Run All Cells", exact=True).click(timeout=5_000)
            page.wait_for_function(f"() => {PROMPTS}.some(e => e.textContent.includes('*'))", timeout=15_000)
            return
        except TimeoutError:
            page.reload()                             # the connection to the kernel may be lost: make a new one
            page.wait_for_selector('.jp-Notebook-ExecutionIndicator[data-status="idle"]', timeout=90_000)
            page.wait_for_timeout(3_000)
    raise AssertionError("Run All Cells did nothing, five times")


def wait_for_the_end(page, seconds):
    """Every cell has its number, or one failed. The folded set-up cell shows none; it is over if the next one is."""
    page.wait_for_function(f"() => document.querySelector('{FAILED}') || "
                           f"{PROMPTS}.every(e => !e.textContent || /\\d/.test(e.textContent))", timeout=seconds * 1000)


def screenshot(page, name):
    if folder := os.environ.get("SCREENSHOTS"):
        page.screenshot(path=Path(folder) / f"{name}.png")


def check_clean(page):
    assert page.locator(FAILED).count() == 0
    assert page.errors == []


def move_every_control(page):
    """Three steps of every slider and every entry of every list; each must change its picture. Returns seconds."""
    waits = []

    def timed(picture, act):
        before = picture.get_attribute("src")
        began = time.perf_counter()
        act()
        page.wait_for_function("([img, src]) => img.src !== src", arg=[picture.element_handle(), before],
                               timeout=10_000)
        waits.append(time.perf_counter() - began)

    for box in page.locator(".jp-OutputArea .widget-vbox:has(img)").all():
        picture = box.locator("img")
        for handle in box.locator(".noUi-handle").all():
            handle.focus()
            for _ in range(3):
                value = handle.get_attribute("aria-valuetext")
                timed(picture, lambda handle=handle: handle.press("ArrowRight"))
                assert handle.get_attribute("aria-valuetext") != value
        for choice in box.locator("select").all():
            for i in range(1, choice.locator("option").count()):
                timed(picture, lambda choice=choice, i=i: choice.select_option(index=i))
    assert waits
    return waits


@pytest.mark.parametrize("path", NOTEBOOKS + FRENCH[1:2], ids=name)
def test_run_all(page, lab, path):
    open_notebook(page, lab, path)
    run_all(page)
    wait_for_the_end(page, 600)
    check_clean(page)
    assert page.locator(".jp-OutputArea img").count() >= 10
    waits = move_every_control(page)
    check_clean(page)
    print(f"{name(path)}: {len(waits)} moves, from key press to new picture {1000 * statistics.median(waits):.0f} ms "
          f"(median), {1000 * max(waits):.0f} ms (longest)")
    for i, cell in enumerate(page.locator(".jp-CodeCell").all() if os.environ.get("SCREENSHOTS") else []):
        cell.scroll_into_view_if_needed()
        screenshot(page, f"{name(path).replace('/', '-')}-{i:02}")


def test_live_figure_and_stop_button(page, lab):
    """A training of an hour: the picture moves, the stop button ends it, and the rest of the cell runs."""
    spec = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}       # without it Lab asks which kernel
    notebook = nbformat.v4.new_notebook(metadata=spec, cells=[nbformat.v4.new_code_cell(f"""
import sys, time, itertools; sys.path.insert(0, {str(ROOT)!r})
import torch
from utils import plot
from utils.train import Run
with Run(minutes=3000, show=lambda: plot.images(torch.rand(16, 1, 28, 28))) as run:
    for _ in run.over(itertools.repeat(0)):
        time.sleep(0.01)
print("the rest of the cell")"""), nbformat.v4.new_code_cell("print('the next cell', run.step > 0)")])
    body = json.dumps({"type": "notebook", "content": notebook}).encode()
    request = urllib.request.Request(f"{lab}/api/contents/stop.ipynb?token=t", data=body, method="PUT")
    urllib.request.urlopen(request).close()
    page.goto(f"{lab}/lab/tree/stop.ipynb?token=t&reset")
    page.wait_for_selector('.jp-Notebook-ExecutionIndicator[data-status="idle"]', timeout=90_000)
    run_all(page)
    picture = page.locator(".jp-OutputArea img").first
    picture.wait_for(timeout=20_000)
    before = picture.get_attribute("src")
    page.wait_for_function("src => document.querySelector('.jp-OutputArea img').src !== src", arg=before,
                           timeout=20_000)
    screenshot(page, "training")
    page.locator('[data-command="notebook:interrupt-kernel"]').first.click()
    for text in ("the next cell True", "stopped by you, and what was trained is kept", "the rest of the cell"):
        page.locator(".jp-OutputArea-output", has_text=text).wait_for(timeout=20_000)
    check_clean(page)
    screenshot(page, "stopped")
