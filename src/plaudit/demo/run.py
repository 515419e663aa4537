"""The demo run: write the preference set to a file, and go on as with any other data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plaudit._arguments import checked
from plaudit.data import load_groups, split_groups, write_groups
from plaudit.demo.candidates import CANDIDATES, candidate_set
from plaudit.demo.preferences import QUESTIONS, SEED, noise_ceiling, preference_set, with_truth
from plaudit.demo.topics import LANGUAGES
from plaudit.evaluation import Evaluation, evaluate
from plaudit.groups import Group
from plaudit.storage import check_folder, check_place
from plaudit.text import counted

if TYPE_CHECKING:
    from plaudit.model import Scorer

NEW_TOPICS = 0.15
TEST, VALIDATION = 0.15, 0.1

DEFAULT_BACKBONE = "minilm-l6"
_ABOUT_THE_DEFAULT = (
    ". It reads English: of the Chinese third of the questions it knows few characters, and a warning "
    "will say so. The figures are told by language; smollm2-135m reads both, and is slow"
)

Log = Callable[[str], None]
"""Called with a line about each step."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """How well the true quality of some held-out groups was recovered.

    Attributes:
        truth: the model against the true quality.
        people: the model against the annotators' judgements.
        ceiling: the share of the annotators' decided comparisons that the truth itself is expected to get right, over
            all of them under "" and in each language under its name.
    """

    truth: Evaluation
    people: Evaluation
    ceiling: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Demo:
    """The result of a demo run.

    Attributes:
        model: as trained.
        folder: of the data and the model.
        recovery: by the name of the held-out set: `test` and `new-topics`.

    Example:
        >>> from plaudit.model import open_model
        >>> Demo(open_model("my-bow"), Path("demo"), recovery={}).folder.name
        'demo'
    """

    model: Scorer
    folder: Path
    recovery: Mapping[str, Recovery]


@checked
def run_demo(
    output_dir: str | Path,
    backbone: str | Path = DEFAULT_BACKBONE,
    *,
    seed: int = SEED,
    questions: int = QUESTIONS,
    overwrite: bool = False,
    log: Log = lambda line: None,
    **settings: Any,
) -> Demo:
    """Make the preference set, train on it with the defaults, and measure on questions and topics never trained on.

    Args:
        output_dir: gets `groups.jsonl.gz`, a file for each set of the split, another for each with the truth in place
            of the judgements, and the model folder `model`.
        backbone: as for `plaudit.train`.
        seed: of the preference set, the split and the training.
        questions: how many questions of each topic, 1 to 3; fewer take less time.
        overwrite: replace an earlier demo there.
        log: called with a line about each step.
        settings: training settings to change.

    Raises:
        PlauditError: if the folder is not empty, or there is no such backbone.

    Example:
        >>> demo = run_demo("demo", "bow", questions=1)
        >>> {name: recovery.truth.overall["accuracy"].value > 0.6 for name, recovery in demo.recovery.items()}
        {'test': True, 'new-topics': True}
    """
    folder = Path(output_dir)
    _check_inputs(folder, backbone, overwrite)
    # Torch takes seconds to import: whatever may fail early has failed by now.
    from plaudit.model import open_model
    from plaudit.training import train

    write_groups(preference_set(seed, questions), folder / "groups.jsonl.gz", overwrite=overwrite)
    groups = load_groups(folder / "groups.jsonl.gz")
    log(_description(groups))
    sets = split_demo(groups, seed)
    for name, members in sets.items():
        write_groups(members, folder / f"{name}.jsonl", overwrite=overwrite)
        write_groups(map(with_truth, members), folder / f"{name}-truth.jsonl", overwrite=overwrite)
    log("split: " + ", ".join(f"{len(members)} {name}" for name, members in sets.items()) + " (questions)")

    log(f"training {backbone} with the defaults" + (_ABOUT_THE_DEFAULT if backbone == DEFAULT_BACKBONE else ""))
    train(
        sets["train"],
        folder / "model",
        backbone=backbone,
        validation_groups=sets["validation"],
        overwrite=overwrite,
        seed=seed,
        **settings,
    )
    # The saved model is measured, as anyone will load it.
    model = open_model(folder / "model")
    recovery = {name: measure_recovery(model, sets[name], name) for name in ("test", "new-topics")}
    return Demo(model=model, folder=folder, recovery=recovery)


def _check_inputs(folder: Path, backbone: str | Path, overwrite: bool) -> None:
    """Before anything is written: whether all of it may be, and whether there is such a backbone."""
    from plaudit.model import check_backbone, check_model_folder

    check_folder(folder, overwrite=overwrite)
    check_model_folder(folder / "model", overwrite=overwrite)
    check_backbone(backbone)


def split_demo(groups: Sequence[Group], seed: int = SEED) -> dict[str, list[Group]]:
    """`train`, `validation` and `test` hold different questions, `new-topics` questions on topics none of them has."""
    by_topic = split_groups(groups, test=NEW_TOPICS, seed=seed, by="topic")
    return {
        **split_groups(by_topic["train"], test=TEST, validation=VALIDATION, seed=seed),
        "new-topics": by_topic["test"],
    }


def write_candidates(
    file: str | Path,
    *,
    seed: int = SEED,
    questions: int = QUESTIONS,
    count: int = CANDIDATES,
    overwrite: bool = False,
) -> list[Group]:
    """Write `count` candidates, rated by the truth, for each question that a demo of this seed does not train on.

    Args:
        file: of groups; any format that `write_groups` knows.
        seed: the demo's; of the candidates, too.
        questions: the demo's.
        count: candidates of each question.
        overwrite: replace a file that is there.

    Example:
        >>> groups = write_candidates("candidates.jsonl", questions=1, count=8)
        >>> groups[0], groups[0].ratings[0].annotator
        (Group('demo-en-stretch-0': 8 responses, 8 ratings), 'truth')
    """
    check_place(file, overwrite=overwrite)
    sets = split_demo(preference_set(seed, questions), seed)
    groups = candidate_set([*sets["test"], *sets["new-topics"]], count, seed)
    write_groups(groups, file, overwrite=overwrite)
    return groups


def measure_recovery(model: Scorer, groups: Sequence[Group], name: str = "") -> Recovery:
    """The model's scores against the truth and against the annotators; intervals are clustered by topic. Warnings of
    what the groups lose on the way to tokens begin with a name."""
    from plaudit.model import TokenCheck

    check = TokenCheck(name)
    scores = list(model.stream(groups, check=check))
    check.finish()
    return Recovery(
        truth=evaluate([with_truth(group) for group in groups], scores, clusters="topic"),
        people=evaluate(groups, scores, clusters="topic"),
        ceiling={
            "": noise_ceiling(groups),
            **{name: noise_ceiling([group for group in groups if group.subset == name]) for name in LANGUAGES},
        },
    )


def _description(groups: Sequence[Group]) -> str:
    responses = sum(len(group.responses) for group in groups)
    judgements = sum(len(group.rankings) for group in groups)
    chinese = sum(group.subset == "zh" for group in groups) / len(groups)
    return (
        f"{len(groups)} questions ({1 - chinese:.0%} English, {chinese:.0%} Chinese), "
        f"{counted(responses, 'responses')}, {counted(judgements, 'judgements')} by simulated annotators"
    )
