"""Several reward models as one: an ensemble, or the average of their weights."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from plaudit._arguments import checked
from plaudit.model.averaging import average_weights
from plaudit.model.cards.render import card
from plaudit.model.ensemble import Ensemble
from plaudit.model.folder.contents import ENSEMBLE, MEMBERS
from plaudit.model.folder.link import check_combined_folder, link_baselines, link_files, member_folders
from plaudit.model.folder.open import open_model
from plaudit.model.folder.write import new_folder
from plaudit.model.reward_model import RewardModel
from plaudit.model.scorer import Scorer
from plaudit.storage import write_record

_DESCRIPTION = (
    "The reward is the mean of its members' rewards. Each is an ordinary model; only Plaudit reads them together."
)


@checked
def combine(
    models: Sequence[str | Path], output: str | Path, *, average: bool = False, overwrite: bool = False
) -> Scorer:
    """Make one model of several.

    An ensemble keeps all members and gives the mean of their rewards, with a spread. The average of the weights of runs
    from one start is an ordinary model, at the cost of one (Ramé et al., WARM, ICML 2024).

    Args:
        models: folders of reward models, two or more.
        output: a new or empty folder, unless `overwrite`.
        average: average the weights instead of keeping all models.
        overwrite: replace a model that is there, which is none of these.

    Returns:
        The combined model, opened.

    Raises:
        PlauditError: if a folder holds no reward model, the models do not go together, or `output` is taken.

    Example:
        >>> ensemble = combine(["my-model", "my-second-model"], "together")
        >>> best = ensemble.rank("What is 2 + 2?", ["No idea.", "It is 4."])[0]
        >>> best.response, best.spread > 0
        (1, True)
    """
    check_combined_folder(models, Path(output), overwrite=overwrite)
    if average:
        average_weights(models, output, overwrite=overwrite)
        return open_model(output)
    return _assemble(models, output, overwrite=overwrite)


def _assemble(models: Sequence[str | Path], output: str | Path, *, overwrite: bool) -> Ensemble:
    """Make one folder of several model folders, whose files get a second name there (or are copied, where the file
    system cannot link).

    Args:
        models: folders of reward models.
        output: the folder to make.
        overwrite: replace a model that is there.

    Raises:
        PlauditError: if a folder holds no reward model, the members do not go together, or `output` is taken.
    """
    folders = member_folders(models)
    ensemble = Ensemble([RewardModel.from_pretrained(folder) for folder in folders])
    ensemble.record = ensemble.run_record(ENSEMBLE, combined_from=list(map(str, models)))
    title = f"An ensemble of {len(folders)} reward models"
    with new_folder(Path(output), overwrite=overwrite) as staging:
        for number, folder in enumerate(folders):
            link_files(folder, staging / MEMBERS / str(number))
        link_baselines(folders, [member.record for member in ensemble.members], staging)
        readme = card("combined", title=title, description=_DESCRIPTION, models=models)
        write_record(staging, ensemble.record, readme)
    return ensemble
