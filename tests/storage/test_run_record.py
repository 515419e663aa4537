"""The run record: written, read back, refused when broken; hashes that stay what they were."""

import pytest

from plaudit.errors import InvalidInputError
from plaudit.groups import Group
from plaudit.storage import RECORD_FILE, data_hash, read_record, short_hash, versions, write_record


def test_a_record_is_read_back_and_readable_by_people(tmp_path):
    write_record(tmp_path, {"plaudit": "model", "backbone": "明"}, card="# A card\n")
    assert read_record(tmp_path) == {"plaudit": "model", "backbone": "明"}
    assert (tmp_path / RECORD_FILE).read_text("utf-8") == '{\n  "plaudit": "model",\n  "backbone": "明"\n}\n'
    assert (tmp_path / "README.md").read_text("utf-8") == "# A card\n"


def test_a_folder_without_a_record_has_an_empty_one(tmp_path):
    assert read_record(tmp_path) == read_record(tmp_path / "absent") == {}


@pytest.mark.parametrize("content", [b"{", b"[1]", b"\xff\xfe\x00", b'{"max_length": "long"}'])
def test_a_broken_record_is_refused_with_a_remedy(tmp_path, content):
    (tmp_path / RECORD_FILE).write_bytes(content)
    with pytest.raises(InvalidInputError, match=r"is no run record .*; restore it, or delete it"):
        read_record(tmp_path)


def test_the_hash_of_data_depends_on_every_group_and_their_order():
    a, b = (Group(id=name, prompt="p", responses=("x", name)) for name in "ab")
    assert len({data_hash(groups) for groups in ([], [a], [b], [a, b], [b, a])}) == 5
    # Half a surrogate pair has no UTF-8, but a hash.
    assert data_hash([Group(id="\ud800", prompt="p", responses=("x",))])


def test_a_short_hash_is_the_start_of_sha_256():
    # printf '' | sha256sum
    assert short_hash("") == "e3b0c44298fc1c14"


def test_versions_leave_out_what_is_not_installed(monkeypatch):
    monkeypatch.setattr("plaudit.storage.run_record._PACKAGES", ("numpy", "no-such-package"))
    assert list(versions()) == ["python", "numpy"]
