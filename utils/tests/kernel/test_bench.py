"""The benchmark of the maintainers' tool, in a kernel."""

import json

from ..files import NOTEBOOKS


def test_the_benchmark_measures_a_model_that_was_trained_now(tool):
    path = NOTEBOOKS[1]
    notebook = tool.cut(path)
    row = json.loads(tool.execute_with(tool.BENCH, notebook, path, 0.001))
    assert row["name"] == "VAE" and row["n"] == 200 and row["step"] >= 2 and row["minutes"] < 0.5
    assert 1e8 < row["peak"] < 1e11 and tool.BENCH not in [cell.source for cell in notebook.cells]
