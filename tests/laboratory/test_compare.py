"""The laboratory from judgements to files."""

import json

import numpy as np
import pytest
from toys import toy_backbone, toy_groups

from plaudit.errors import PlauditError
from plaudit.laboratory import compare_losses, default_settings, loss_curves
from plaudit.laboratory.candidates import choose_losses
from plaudit.laboratory.plots import write_plots
from plaudit.laboratory.runs import run_candidate
from plaudit.laboratory.splits import cross_validation_splits
from plaudit.laboratory.tables import markdown, wide_cells, wide_header
from plaudit.model.cache import features
from plaudit.report.charts import can_plot

QUICK = {"epochs": 2, "report_to": "none", "baselines": "none"}


@pytest.fixture(scope="module")
def backbone(tmp_path_factory):
    return str(toy_backbone(tmp_path_factory.mktemp("backbone")))


@pytest.fixture(autouse=True)
def temporary_cache(tmp_path, monkeypatch):
    monkeypatch.setattr(features, "cache_folder", lambda: tmp_path / "cache")


def test_losses_that_are_the_same_on_pairs_give_the_same_scores(backbone):
    """The mathematics in `candidates._equivalent`, held against training itself."""
    groups = toy_groups(18)
    settings = default_settings().with_changes(QUICK, "test")
    (split, _) = cross_validation_splits(groups, 2, 0, "prompt")
    first = choose_losses(groups, settings, ["bradley-terry", "hinge"]).candidates[0]
    expected = run_candidate(first, split, backbone, first.settings).scores
    for name in ("ranknet", "plackett-luce", "infonce"):
        other = choose_losses(groups, settings, [name, "hinge"]).candidates[0]
        run = run_candidate(other, split, backbone, other.settings)
        assert np.concatenate(run.scores) == pytest.approx(np.concatenate(expected), abs=1e-5)
        assert run.temperature == 1
    assert np.ptp(np.concatenate(expected)) > 0.01


def test_a_laboratory_that_was_stopped_goes_on(tmp_path, backbone):
    groups = toy_groups(16)
    lines: list[str] = []

    def laboratory(overwrite=False, **more):
        training = default_settings().with_changes({**QUICK, **more}, "test")
        changes = {"losses": ["bradley-terry", "hinge"], "seeds": 2, "folds": 2, "baselines": ["length"]}
        changes |= {"training": training, "log": lines.append, "overwrite": overwrite}
        return compare_losses(groups, tmp_path / "out", backbone, **changes)

    first = laboratory()
    assert {row.name for row in first.rows} == {"bradley-terry", "hinge", "length"}
    assert first.counts["groups"] == 16
    with pytest.raises(PlauditError, match=r"the folder is not empty: it holds losses\.json"):
        laboratory()
    # What a stop leaves: some runs, and no result. It goes on without being told to overwrite.
    (lost,) = (tmp_path / "out/runs").glob("1-hinge-1-*.json")
    for path in (lost, tmp_path / "out/losses.json"):
        path.unlink()
    lines.clear()
    second = laboratory()
    assert sum("done before" in line for line in lines) == 2 * (2 * 2 + 1) - 1
    # The run that was lost came out as it was.
    strip = lambda comparison: [row.to_json() | {"seconds": 0} for row in comparison.rows]  # noqa: E731
    assert strip(first) == strip(second)

    # Other settings train anew, and replace no run that is there.
    runs = {path: path.read_bytes() for path in (tmp_path / "out/runs").iterdir()}
    lines.clear()
    laboratory(overwrite=True, weight_decay=0.1)
    assert not any("done before" in line for line in lines)
    assert all(path.read_bytes() == content for path, content in runs.items())
    lines.clear()
    second = laboratory(overwrite=True)
    assert all("done before" in line or "reading" in line for line in lines)

    stored = json.loads((tmp_path / "out/losses.json").read_text())
    assert [row["name"] for row in stored["rows"]] == [row.name for row in second.rows]
    assert len({len(row) for row in [wide_header(second), *wide_cells(second)]}) == 1
    assert all(row.name in markdown(second) for row in second.rows)
    if can_plot():
        for file in write_plots(second, loss_curves(), tmp_path / "out"):
            assert file.read_text().startswith("<svg")
