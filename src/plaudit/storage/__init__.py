"""Files that are whole or absent, JSON, and the run record."""

from typing import TYPE_CHECKING

from plaudit._face import face

if TYPE_CHECKING:
    from plaudit.storage.atomic import replacing
    from plaudit.storage.cache import cache_folder, cached, code_hash
    from plaudit.storage.fields import Fields
    from plaudit.storage.json_files import json_line, write_json
    from plaudit.storage.places import (
        check_ending,
        check_folder,
        check_not_read,
        check_place,
        contents,
        gone_on_failure,
        making,
    )
    from plaudit.storage.run_record import (
        RECORD_FILE,
        add_to_hash,
        data_hash,
        read_record,
        short_hash,
        versions,
        write_record,
    )
    from plaudit.storage.temporary import temporary_for
else:
    __getattr__, __dir__ = face(__name__, __file__)

__all__ = [
    "RECORD_FILE",
    "Fields",
    "add_to_hash",
    "cache_folder",
    "cached",
    "check_ending",
    "check_folder",
    "check_not_read",
    "check_place",
    "code_hash",
    "contents",
    "data_hash",
    "gone_on_failure",
    "json_line",
    "making",
    "read_record",
    "replacing",
    "short_hash",
    "temporary_for",
    "versions",
    "write_json",
    "write_record",
]
