import pytest

from utils import machine


@pytest.mark.parametrize("factor, n", [("0.5", 1000), ("3", 2000), ("0.001", 20)])
def test_draws_are_scaled_down_but_not_up(monkeypatch, factor, n):
    monkeypatch.setenv("WORKSHOP_BUDGET", factor)
    assert machine.scaled(2000) == n


MEMINFO = "MemTotal: 9000 kB\nMemAvailable: 8000 kB\n"
V1 = "memory.limit_in_bytes memory.usage_in_bytes total_inactive_file".split()
V2 = "memory.max memory.current inactive_file".split()


@pytest.mark.parametrize("lines, folder, names, limit, used, cache, free", [
    ("0::/", "", V2, "4096000", 3_000_000, 2_000_000, 3_096_000),                   # a warm cache is not in use
    ("0::/", "", V2, "max", 3_000_000, 2_000_000, 8_192_000),
    ("0::/a/b", "a/b", V2, "4096000", 1_000_000, 0, 3_096_000),
    ("0::/a/b", "a", V2, "4096000", 1_000_000, 0, 3_096_000),                       # the limit stands above it
    ("0::/elsewhere/on/the/host", "", V2, "4096000", 1_000_000, 0, 3_096_000),
    ("3:cpu:/x\n2:hugetlb,memory:/docker/1\n0::/", "memory/docker/1", V1, "4096000", 3_000_000, 2_000_000, 3_096_000),
    ("2:memory:/docker/1", "memory", V1, "4096000", 1_000_000, 0, 3_096_000),
    ("2:memory:/docker/1", "memory", V1, str(2 ** 63 - 4096), 1_000_000, 0, 8_192_000)])
def test_memory_that_is_free_in_a_container(tmp_path, lines, folder, names, limit, used, cache, free):
    place = tmp_path / "sys/fs/cgroup" / folder
    for path, said in ((tmp_path / "proc/meminfo", MEMINFO), (tmp_path / "proc/self/cgroup", lines),
                       (place / names[0], limit), (place / names[1], str(used)),
                       (place / "memory.stat", f"anon 5\n{names[2]} {cache}\nactive_file 7\n")):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(said)
    assert machine.free_memory(tmp_path) == free
    (place / "memory.stat").write_text("")
    assert machine.free_memory(tmp_path) == min(8_192_000, free - (cache if free < 8_192_000 else 0))
    (tmp_path / "proc/self/cgroup").unlink()
    assert machine.free_memory(tmp_path) == 8_192_000
    (tmp_path / "proc/meminfo").unlink()
    assert machine.free_memory(tmp_path) is None


def test_where_the_machine_does_not_tell_its_free_memory_nothing_is_limited(monkeypatch):
    resource = pytest.importorskip("resource")
    before = resource.getrlimit(resource.RLIMIT_DATA)
    monkeypatch.setattr(machine, "free_memory", lambda: None)
    with machine.memory_limit():
        assert resource.getrlimit(resource.RLIMIT_DATA) == before
    assert resource.getrlimit(resource.RLIMIT_DATA) == before
