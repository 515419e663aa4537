"""The file of `plaudit reward-file`: readable, by absolute path, without a token, and never over another."""

import pytest
from forking import run
from tiny import tiny_model_folder

from plaudit.errors import DataError, InvalidInputError, NotFoundError
from plaudit.scoring import write_reward_file
from plaudit.storage import write_record
from plaudit.training import backbone_record


@pytest.mark.parametrize("trainer", ["openrlhf", "verl"])
def test_the_command_writes_it_and_says_what_to_add(folder, tmp_path, trainer):
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "model").symlink_to(folder)
    command = ("reward-file", "here/model", "--for", trainer, "-o", "reward.py")
    done = run(*command, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    file = tmp_path / "reward.py"
    assert str(file) in done.stdout
    assert f'MODEL = "{folder.resolve()}"' in file.read_text()
    compile(file.read_text(), str(file), "exec")
    again = run(*command, folder=tmp_path)
    assert again.returncode == 2
    assert "reward.py: the file exists already" in again.stderr
    assert "Traceback" not in again.stderr


@pytest.mark.parametrize("trainer", ["openrlhf", "verl"])
def test_a_token_stays_out_of_it(tmp_path, folder, trainer):
    policy = folder if trainer == "openrlhf" else None
    write_reward_file("http://any:s3cret@h:8000/models/a", trainer, tmp_path / "reward.py", policy=policy)
    text = (tmp_path / "reward.py").read_text()
    assert "s3cret" not in text
    assert 'MODEL = "http://h:8000/models/a"' in text
    assert (f'POLICY = "{folder.resolve()}"' in text) is (trainer == "openrlhf")


def test_what_cannot_work_is_refused_before_it_is_written(tmp_path, folder):
    plain = tiny_model_folder(tmp_path / "plain", chat_template=False)
    file = tmp_path / "reward.py"
    for model in (plain, "http://h:8000"):
        with pytest.raises(
            InvalidInputError, match="does not say which chat template writes the prompts; name the policy"
        ):
            write_reward_file(model, "openrlhf", file)
    with pytest.raises(InvalidInputError, match="verl passes messages on"):
        write_reward_file(folder, "verl", file, policy=folder)
    with pytest.raises(NotFoundError, match="no model folder"):
        write_reward_file(tmp_path / "nothing", "verl", file)
    with pytest.raises(NotFoundError, match="no folder"):
        write_reward_file(folder, "openrlhf", file, policy=tmp_path / "no-policy")
    with pytest.raises(InvalidInputError, match="plain has no chat template"):
        write_reward_file(folder, "openrlhf", file, policy=plain)
    write_record(plain, backbone_record({"stage": "sft"}))
    with pytest.raises(NotFoundError, match="is not a reward model: it holds a backbone"):
        write_reward_file(plain, "verl", file)
    with pytest.raises(InvalidInputError, match=r"is no Python file; end the name in \.py"):
        write_reward_file(folder, "verl", tmp_path / "reward.json")
    assert not file.exists()
    file.write_text("mine")
    with pytest.raises(DataError, match="exists already"):
        write_reward_file(folder, "verl", file)
    assert file.read_text() == "mine"
    write_reward_file(folder, "verl", file, overwrite=True)
    assert "RewardManager" in file.read_text()
