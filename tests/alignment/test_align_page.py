"""A finished run leaves its page beside the policy."""

import json

from html_pages import Page
from tiny import tiny_language_model_folder

import plaudit
from plaudit.groups import Group, Ranking
from plaudit.report import alignment_page


def test_a_run_leaves_its_page(tmp_path):
    tiny_language_model_folder(tmp_path / "policy")
    groups = [Group(f"g{i}", f"What is {i} + 1?", (f"{i + 1}.", "No."), (Ranking(((0,), (1,))),)) for i in range(16)]
    plaudit.train(groups, tmp_path / "reward", backbone="length")
    folder, few = tmp_path / "aligned", {"steps": 2, "samples": 2, "evaluate_every": 1, "max_new_tokens": 6}
    plaudit.align(tmp_path / "policy", groups, tmp_path / "reward", folder, method="ppo", **few)
    page = (folder / "align.html").read_text(encoding="utf-8")
    record = json.loads((folder / "plaudit.json").read_text(encoding="utf-8"))
    rows, samples = (
        [json.loads(line) for line in (folder / name).read_text(encoding="utf-8").splitlines()]
        for name in ("curves.jsonl", "samples.jsonl")
    )
    assert "Whether the answers got better is not known" in Page(page).words
    # Files may say more of the run's time than its record did when the page was made.
    files = alignment_page(record, rows, samples)
    assert files.partition("How this was made")[0] == page.partition("How this was made")[0]
