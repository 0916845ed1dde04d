from utils import sections


def test_what_a_cell_makes_and_uses():
    makes, uses = sections._names("%time x = 1\nimport a.b as c\nopt = Adam(net.parameters())\n"
                                  "def f(y, z=w):\n    return x0 + y + len(y)\nv = [i for i in f(1)]")
    assert makes == {"c", "opt", "f", "v", "net"} and uses == {"Adam", "net", "w", "x0"}
    assert sections._names("def half(") == (set(), set())
    cells = [sections.Cell(section, *rest) for section, *rest in (
        (0, "", {"torch"}, set()), (1, "", {"net"}, {"torch"}), (1, "", {"net"}, {"net"}), (1, "", {"other"}, set()),
        (2, "", {"f"}, {"later"}), (2, "", {"later"}, set()), (3, "", set(), {"f"}), (4, "", set(), {"net", "f"}))]
    assert sections.needs(cells, [6]) == [0, 4, 5] and sections.needs(cells, [7]) == [0, 1, 2, 4, 5]
