"""Four readers on one server, a real JupyterHub, and a teacher's update with nbgitpuller; run with pytest -m hub -n 0.

Needs jupyterhub and nbgitpuller (pip) and configurable-http-proxy (npm); CI on GitHub has them every week.
"""

import concurrent.futures
import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
import uuid

import nbformat
import pytest

from utils import sections

from ..conftest import ROOT
from ..files import NOTEBOOKS, SETUP

pytestmark = pytest.mark.hub
TOKEN = uuid.uuid4().hex
CONFIG = """
c.JupyterHub.authenticator_class, c.JupyterHub.spawner_class = "dummy", "simple"
c.JupyterHub.bind_url, c.JupyterHub.hub_port = "http://127.0.0.1:{port}", {hub}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy}"
c.JupyterHub.services = [{{"name": "test", "api_token": "{token}"}}]
c.JupyterHub.load_roles = [{{"name": "test", "services": ["test"],
                            "scopes": ["admin:users", "admin:servers", "access:servers"]}}]
c.Authenticator.allow_all, c.Spawner.start_timeout = True, 120
c.Spawner.notebook_dir, c.SimpleLocalProcessSpawner.home_dir_template = "{course}", "{homes}/{{username}}"
c.Spawner.environment = {{"WORKSHOP_BUDGET": "0.005", "PATH": "{path}"}}
c.Spawner.args = ["--allow-root"]
"""


def ports(n):
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(n)]
        for s in sockets:
            s.bind(("127.0.0.1", 0))
        return [s.getsockname()[1] for s in sockets]


@pytest.fixture
def hub(tmp_path):
    """The address of a hub whose readers share one folder of the course, and the folder with their homes."""
    pytest.importorskip("jupyterhub", reason="pip install jupyterhub")
    if shutil.which("configurable-http-proxy") is None:
        pytest.skip("npm install -g configurable-http-proxy")
    course, homes = tmp_path / "course", tmp_path / "homes"
    shutil.copytree(ROOT, course, ignore=shutil.ignore_patterns(".*", "__pycache__", "build"))
    homes.mkdir()
    port, inner, proxy = ports(3)
    path = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
    (tmp_path / "config.py").write_text(CONFIG.format(port=port, hub=inner, proxy=proxy, token=TOKEN, course=course,
                                                      homes=homes, path=path))
    with (tmp_path / "hub.log").open("w") as log:
        running = subprocess.Popen([sys.executable, "-m", "jupyterhub", "-f", "config.py"], cwd=tmp_path, stdout=log,
                                   stderr=log, env={**os.environ, "PATH": path})
        try:
            yield f"127.0.0.1:{port}", homes, course
        finally:
            running.terminate()
            running.wait(30)


def ask(method, url, body=None):
    request = urllib.request.Request(url, method=method, data=json.dumps(body or {}).encode(),
                                     headers={"Authorization": f"token {TOKEN}", "Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.loads(answer.read() or "null")


def patiently(call, seconds=120):
    """What `call` returns, once it no longer raises and is not empty."""
    end = time.monotonic() + seconds
    while True:
        with contextlib.suppress(OSError):
            if got := call():
                return got
        assert time.monotonic() < end, "no answer"
        time.sleep(0.5)


def read_a_notebook(address, name):
    """Spawn a reader's server, run notebook 1 in it, and return the seconds and what its cells printed."""
    websocket = pytest.importorskip("websocket")
    api, start = f"http://{address}/hub/api/users/{name}", time.monotonic()
    ask("POST", api)
    ask("POST", f"{api}/server")
    patiently(lambda: ask("GET", api)["servers"][""]["ready"])
    kernel = ask("POST", f"http://{address}/user/{name}/api/kernels", {"name": "python3", "path": "notebooks"})
    socket = websocket.create_connection(f"ws://{address}/user/{name}/api/kernels/{kernel['id']}/channels",
                                         header=[f"Authorization: token {TOKEN}"], timeout=300)
    said = []
    for source in (SETUP, *(cell.source for cell in sections.read(1))):
        asked = uuid.uuid4().hex
        header = {"msg_id": asked, "username": name, "session": asked, "msg_type": "execute_request", "version": "5.3"}
        content = {"code": source, "silent": False, "store_history": True, "allow_stdin": False}
        socket.send(json.dumps({"header": header, "parent_header": {}, "metadata": {}, "content": content,
                                "channel": "shell"}))
        while True:
            frame = socket.recv()
            if not isinstance(frame, str):                       # a widget's picture
                continue
            message = json.loads(frame)
            if message["parent_header"].get("msg_id") == asked:
                assert message["msg_type"] != "error", (source, message["content"])
                said += [message["content"]["text"]] if message["msg_type"] == "stream" else []
                if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                    break
    socket.close()
    return time.monotonic() - start, "".join(said)


def test_four_readers_on_one_server_get_to_the_end(hub):
    address, homes, course = hub
    patiently(lambda: ask("GET", f"http://{address}/hub/api/"))
    readers = ["ada", "bob", "cyd", "dan"]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        ends = list(pool.map(lambda name: read_a_notebook(address, name), readers))
    print([f"{seconds:.0f} s" for seconds, _ in ends])
    assert all("training budget x 0.005" in said and "exercises run on your own code" in said for _, said in ends)
    assert [row["name"] for row in json.loads((course / "data" / "scoreboard.json").read_text())] == ["GAN"]


def git(folder, command):
    done = subprocess.run(f"git -c user.name=t -c user.email=t@t {command}", shell=True, cwd=folder, text=True,
                          capture_output=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("same_cell", [False, True])
def test_a_teachers_update_keeps_what_a_student_wrote_and_ran(tmp_path, same_cell):
    """The student answered an exercise and ran everything; the teacher changed another cell, or that one."""
    pytest.importorskip("nbgitpuller", reason="pip install nbgitpuller")
    teacher, student = tmp_path / "teacher", tmp_path / "student"
    teacher.mkdir()
    name = NOTEBOOKS[0].name
    shutil.copy(NOTEBOOKS[0], teacher / name)
    git(teacher, "init -q -b main")
    git(teacher, "add -A")
    git(teacher, "commit -qm one")

    def pull():
        pulled = subprocess.run([sys.executable, "-m", "nbgitpuller.pull", str(teacher), "main", str(student)],
                                cwd=tmp_path, capture_output=True, text=True)
        assert pulled.returncode == 0, pulled.stderr

    pull()
    mine = nbformat.read(student / name, as_version=4)
    exercise = next(cell for cell in mine.cells if cell.source.startswith("@exercise"))
    exercise.source = exercise.source.replace("    ...", "    return d_real.mean()  # mine")
    for i, cell in enumerate(cell for cell in mine.cells if cell.cell_type == "code"):
        cell.execution_count = i + 100
        for output in cell.outputs:
            output.get("data", {}).pop("image/png", None)
    nbformat.write(mine, student / name)
    theirs = nbformat.read(teacher / name, as_version=4)
    changed = next(cell for cell in theirs.cells if cell.id == exercise.id) if same_cell else theirs.cells[-2]
    changed.source += "\n# a word of the teacher"
    nbformat.write(theirs, teacher / name)
    (teacher / "new.txt").write_text("new")
    git(teacher, "add -A")
    git(teacher, "commit -qm two")
    pull()
    merged = nbformat.read(student / name, as_version=4)           # still a notebook
    nbformat.validate(merged)
    sources = [cell.source for cell in merged.cells]
    assert exercise.source in sources and (student / "new.txt").read_text() == "new"
    assert ("a word of the teacher" in "".join(sources)) == (not same_cell)
    counts = [cell.execution_count for cell in merged.cells if cell.cell_type == "code"]
    assert counts == list(range(100, 100 + len(counts)))
