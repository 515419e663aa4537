"""Files and hub sets -> groups, checks and splits, and groups -> other tools' formats.

Names load with first use: reading needs neither numpy nor what writes Parquet.
"""

from typing import TYPE_CHECKING

from plaudit._face import face

if TYPE_CHECKING:
    from plaudit.data.clicks import ClickReport, groups_of_clicks, long_enough
    from plaudit.data.columns import parse_columns
    from plaudit.data.containers import decompressed, read_rows
    from plaudit.data.dealt_rows import BadRow, DealtRow, DealtRows, RowReading, shard_of, source_hash, unpack_rows
    from plaudit.data.formats import FORMATS, FileReading
    from plaudit.data.formats.fields import IDS, name_of, need, prompt_of, take
    from plaudit.data.formats.pairs import read_trl
    from plaudit.data.formats.pandalm import read_llmbar
    from plaudit.data.formats.texts import messages_of, response_of, tools_of
    from plaudit.data.formats.verdicts import verdict_tiers
    from plaudit.data.group_store import GroupStore, judgements_of, selected, write_store
    from plaudit.data.lengths import LengthReport, length_report, load_tokenizer
    from plaudit.data.neighbours import (
        SLOTS,
        NearDuplicate,
        PromptIndex,
        clusters,
        near_duplicates,
        prompt_clusters,
        signature,
    )
    from plaudit.data.on_disk import keep_groups, open_groups
    from plaudit.data.position_bias import AlwaysFirst
    from plaudit.data.propensities import estimate_propensities, load_propensities
    from plaudit.data.read import load_groups, load_prompts, read_groups, read_sessions
    from plaudit.data.read_report import ReadReport, RejectsFile
    from plaudit.data.read_tables import Labels
    from plaudit.data.rows import Row
    from plaudit.data.scales import Bounds, Scale, parse_scale, scales_of
    from plaudit.data.score_alignment import align_scores, check_ids
    from plaudit.data.score_tables import is_scores, numbered, read_footer, score_table, shard_files, shard_name
    from plaudit.data.scores import (
        Score,
        ranked,
        read_scores,
        text_hash,
        write_scores,
    )
    from plaudit.data.source_lines import SourceLines
    from plaudit.data.sources import SUFFIXES, Source, Table, list_sources, open_stdin, tables
    from plaudit.data.split import SIDES, deal_folds, held_out, hold_out, split_groups, split_to_folder
    from plaudit.data.task_rows import label_studio_config
    from plaudit.data.watching import watch_reading
    from plaudit.data.write import lost_in_words, write_groups
else:
    __getattr__, __dir__ = face(__name__, __file__)

__all__ = [
    "FORMATS",
    "IDS",
    "SIDES",
    "SLOTS",
    "SUFFIXES",
    "AlwaysFirst",
    "BadRow",
    "Bounds",
    "ClickReport",
    "DealtRow",
    "DealtRows",
    "FileReading",
    "GroupStore",
    "Labels",
    "LengthReport",
    "NearDuplicate",
    "PromptIndex",
    "ReadReport",
    "RejectsFile",
    "Row",
    "RowReading",
    "Scale",
    "Score",
    "Source",
    "SourceLines",
    "Table",
    "align_scores",
    "check_ids",
    "clusters",
    "deal_folds",
    "decompressed",
    "estimate_propensities",
    "groups_of_clicks",
    "held_out",
    "hold_out",
    "is_scores",
    "judgements_of",
    "keep_groups",
    "label_studio_config",
    "length_report",
    "list_sources",
    "load_groups",
    "load_prompts",
    "load_propensities",
    "load_tokenizer",
    "long_enough",
    "lost_in_words",
    "messages_of",
    "name_of",
    "near_duplicates",
    "need",
    "numbered",
    "open_groups",
    "open_stdin",
    "parse_columns",
    "parse_scale",
    "prompt_clusters",
    "prompt_of",
    "ranked",
    "read_footer",
    "read_groups",
    "read_llmbar",
    "read_rows",
    "read_scores",
    "read_sessions",
    "read_trl",
    "response_of",
    "scales_of",
    "score_table",
    "selected",
    "shard_files",
    "shard_name",
    "shard_of",
    "signature",
    "source_hash",
    "split_groups",
    "split_to_folder",
    "tables",
    "take",
    "text_hash",
    "tools_of",
    "unpack_rows",
    "verdict_tiers",
    "watch_reading",
    "write_groups",
    "write_scores",
    "write_store",
]
