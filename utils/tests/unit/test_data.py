import contextlib
import email.message
import hashlib
import os
import re
import shutil
import urllib.request

import pytest
import torch

from utils import data

from ..files import write_idx

RAW = data.ROOT / "FashionMNIST" / "raw"


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*args, **kwargs):
        raise urllib.request.URLError("no network here")
    monkeypatch.setattr(urllib.request, "urlopen", refuse)
    monkeypatch.setattr(torch.hub, "urlopen", refuse)


@pytest.fixture
def copied(tmp_path):
    shutil.copytree(RAW, tmp_path / "FashionMNIST" / "raw")
    return tmp_path


def test_fashion_mnist_needs_no_network(no_network):
    x_train, y_train, x_test, y_test = data.load("FashionMNIST")
    assert x_train.shape == (60000, 1, 28, 28) and x_test.shape == (10000, 1, 28, 28)
    assert x_train.dtype == torch.float32 and x_train.min() == -1 and x_train.max() == 1
    assert y_train.dtype == torch.int64 and torch.bincount(y_train).tolist() == [6000] * 10
    assert torch.bincount(y_test).tolist() == [1000] * 10
    assert data.CLASSES[y_train[0]] == "boot"


def test_nothing_is_written_beside_the_files(copied, no_network):
    for path in [*copied.rglob("*"), copied]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    before = sorted(copied.rglob("*"))
    data.load("FashionMNIST", root=copied)
    assert sorted(copied.rglob("*")) == before


def test_checksums_in_the_readme_are_those_of_the_files():
    named = dict(re.findall(r"`([\w-]+\.gz)` \| `([0-9a-f]{64})`", (data.ROOT / "README.md").read_text("utf-8")))
    assert named == {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in RAW.glob("*.gz")}
    assert len(named) == 4


@pytest.mark.parametrize("damage", ["truncated", "altered", "missing"])
def test_damaged_file_is_named_with_the_command_that_restores_it(copied, damage):
    path = copied / "FashionMNIST" / "raw" / "t10k-labels-idx1-ubyte.gz"
    content = path.read_bytes()
    path.write_bytes(content[:-9] if damage == "truncated" else content[:-1] + bytes([content[-1] ^ 1]))
    if damage == "missing":
        path.unlink()
    with pytest.raises(RuntimeError, match="missing" if damage == "missing" else "truncated or altered") as error:
        data.load("FashionMNIST", root=copied)
    assert "t10k-labels-idx1-ubyte.gz" in str(error.value) and "git -C" in str(error.value)


def test_the_restoring_command_restores(copied):
    course = copied / "course"
    shutil.copytree(copied / "FashionMNIST", course / "data" / "FashionMNIST")
    os.system(f'cd "{course}" && git init -q && git add -A && git -c user.name=a -c user.email=a@b commit -qm x')
    (course / "data/FashionMNIST/raw/train-images-idx3-ubyte.gz").write_bytes(b"half")
    with pytest.raises(RuntimeError) as error:
        data.load("FashionMNIST", root=course / "data")
    assert os.system(str(error.value).split("with  ")[1] + " 2> /dev/null") == 0
    assert len(data.load("FashionMNIST", root=course / "data")[0]) == 60000


def test_unknown_name_lists_the_known_ones():
    with pytest.raises(ValueError, match="FashionMNIST, KMNIST, MNIST"):
        data.load("CIFAR10")


def test_no_network_is_one_sentence(no_network, tmp_path, capsys):
    with pytest.raises(RuntimeError, match="MNIST could not be downloaded.*connect to a network") as error:
        data.load("MNIST", root=tmp_path)
    assert "\n" not in str(error.value)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("writable", [True, False])
def test_a_downloaded_set_is_kept_where_it_can_be(tmp_path, monkeypatch, writable):
    """The four files stand in for those of a download: same format, their own checksums."""
    md5 = {path.name: hashlib.md5(path.read_bytes()).hexdigest() for path in RAW.glob("*.gz")}
    monkeypatch.setattr(data.SETS["MNIST"], "resources", list(md5.items()))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "own"))
    seen = []

    def fetch(url, *args, **kwargs):
        seen.append(url.full_url)
        return contextlib.closing(FakeAnswer(RAW / seen[-1].split("/")[-1]))
    monkeypatch.setattr(urllib.request, "urlopen", fetch)
    monkeypatch.setattr(torch.hub, "urlopen", fetch)
    root = tmp_path / "data"
    root.write_text("") if not writable else root.mkdir()      # a file where a folder should be: cannot be written
    for _ in range(2):                                         # the second time from the disk
        assert len(data.load("MNIST", root=root)[0]) == 60000
        assert len(seen) == 4 and all(url.startswith("https://") for url in seen)
    assert data.label() == "MNIST" and data.classes() == tuple("0123456789")
    kept = root / "MNIST" / "raw" if writable else tmp_path / "own" / "generative-images" / "MNIST"
    assert sorted(path.name for path in kept.iterdir()) == sorted(md5)


class FakeAnswer:
    def __init__(self, path):
        self.file, self.length, self.headers = path.open("rb"), path.stat().st_size, {}
        self.read = self.file.read
        self.url = None                          # no redirection
        self.info = email.message.Message

    def close(self):
        self.file.close()


@pytest.fixture
def own_set(tmp_path):
    """A folder with a small set of two classes, unpacked."""
    for part, n in (("train", 40), ("t10k", 20)):
        y = torch.arange(n) % 2
        write_idx(tmp_path / f"{part}-images-idx3-ubyte", 255 * y[:, None, None].expand(n, 28, 28))
        write_idx(tmp_path / f"{part}-labels-idx1-ubyte", y)
    return tmp_path


def test_a_set_of_the_reader(own_set):
    for name in (own_set, str(own_set)):
        x_train, y_train, x_test, y_test = data.load(name)
        assert x_train.shape == (40, 1, 28, 28) and x_test.shape == (20, 1, 28, 28) and y_test.dtype == torch.int64
        assert torch.equal(x_train[:, 0, 5, 5], 2.0 * y_train - 1)
        assert data.label() == own_set.name and data.classes() == tuple("0123456789")
    x_train.zero_()                                            # the reader's tensor is the reader's
    assert data.load(own_set)[0].abs().min() == 1
    write_idx(own_set / "t10k-labels-idx1-ubyte", torch.ones(20))
    assert data.load(own_set)[3].tolist() == [1] * 20          # a file that was changed is read again
    data.load()
    assert data.label() == "FashionMNIST" and data.classes() == data.CLASSES


@pytest.mark.parametrize("file, numbers, error, said", [
    ("train-images-idx3-ubyte", torch.zeros(40, 32, 32), ValueError, r"hold \(40, 32, 32\) and \(40,\)"),
    ("train-labels-idx1-ubyte", torch.zeros(39), ValueError, r"hold \(40, 28, 28\) and \(39,\)"),
    ("t10k-labels-idx1-ubyte", torch.full((20,), 10), ValueError, "labels up to 10: the course needs"),
    ("t10k-images-idx3-ubyte", None, RuntimeError, "cannot be read .*No such file"),
    ("t10k-images-idx3-ubyte", b"\0\0\x08\3half", RuntimeError, "cannot be read"),
    ("t10k-images-idx3-ubyte", b"P5 28 28 255", RuntimeError, "cannot be read")])
def test_a_set_of_another_kind_is_refused_in_a_sentence(own_set, file, numbers, error, said):
    if torch.is_tensor(numbers):
        write_idx(own_set / file, numbers)
    else:
        (own_set / file).unlink() if numbers is None else (own_set / file).write_bytes(numbers)
    with pytest.raises(error, match=said) as raised:
        data.load(own_set)
    assert "\n" not in str(raised.value) and data.current == data.SHIPPED


def test_batches_are_shuffled_without_repetition_and_seeded():
    x, y = torch.arange(10.).reshape(10, 1), torch.arange(10)
    first = data.batches(x, y, 4, seed=1)
    passes = [torch.cat([next(first)[1], next(first)[1]]) for _ in range(3)]
    assert all(len(set(rows.tolist())) == 8 for rows in passes)          # no row twice within a pass
    assert not torch.equal(passes[0], passes[1])
    again, other = data.batches(x, y, 4, seed=1), data.batches(x, y, 4, seed=2)
    assert torch.equal(next(again)[1], passes[0][:4]) and not torch.equal(next(other)[1], passes[0][:4])
    xb, yb = next(again)
    assert torch.equal(xb[:, 0].long(), yb)                              # images stay with their labels
    assert len(next(data.batches(x, y, 10))[0]) == 10 and len(next(data.batches(x, y, 1))[0]) == 1


@pytest.mark.parametrize("size", [0, -1, 11])
def test_impossible_batch_size(size):
    with pytest.raises(ValueError, match="choose a number from 1 to 10"):
        data.batches(torch.zeros(10, 1), torch.zeros(10), size)
