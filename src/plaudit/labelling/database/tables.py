"""The tables of a project, which is one database.

Ids are whole numbers; what leaves the house is a `public_id` of 128 random bits. Times are seconds since 1970 in UTC,
by the server's clock. A person's words stand in `judgement` and are never changed: what is taken back or said anew is a
further revision. Statements are SQL expressions and no mapped objects: each is one short transaction of a few rows, and
nothing here is a graph.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

NAMES = {
    "ix": "ix_%(column_0_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMES)

# SQLite counts up by itself only in an INTEGER.
Id = BigInteger().with_variant(Integer(), "sqlite")
Moment = Float(53)


def _id() -> Column[int]:
    return Column("id", Id, primary_key=True, autoincrement=True)


def _of(name: str, table: str, *, null: bool = False) -> Column[int]:
    return Column(name, Id, ForeignKey(f"{table}.id"), nullable=null)


projects = Table(
    "project",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(200), nullable=False),
    Column("settings", JSON, nullable=False),
    Column("secret", LargeBinary(32), nullable=False),  # of orders and of draws
    Column("guidelines", Text, nullable=False, server_default=""),
    Column("guidelines_revision", Integer, nullable=False, server_default="0"),
    Column("paused", Boolean, nullable=False),
    Column("created", Moment, nullable=False),
    CheckConstraint("id = 1", name="one"),
)

persons = Table(
    "person",
    metadata,
    _id(),
    Column("public_id", String(32), nullable=False, unique=True),
    Column("name", String(100), nullable=False),
    Column("folded", String(100), nullable=False, unique=True),  # by which names are compared
    Column("role", String(16), nullable=False),
    Column("locale", String(8)),
    Column("password_hash", String(200)),
    Column("return_hash", String(64)),  # of the token in the link by which a person comes back
    Column("guidelines_seen", Integer, nullable=False, server_default="0"),
    Column("paused", Boolean, nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("created", Moment, nullable=False),
    # No question of the arm with a smaller id has anything for this person; see `assigning`.
    Column("random_from", Id, nullable=False, server_default="0"),
    Column("informed_from", Id, nullable=False, server_default="0"),
    CheckConstraint("role in ('owner', 'reviewer', 'annotator')", name="role"),
)

invites = Table(
    "invite",
    metadata,
    _id(),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    Column("label", String(100), nullable=False, server_default=""),
    Column("uses", Integer, nullable=False, server_default="0"),
    Column("max_uses", Integer),
    Column("expires", Moment),
    Column("revoked", Boolean, nullable=False),
    Column("created", Moment, nullable=False),
    _of("created_by", "person", null=True),
)

sessions = Table(
    "session",
    metadata,
    _id(),
    Column("token_hash", String(64), nullable=False, unique=True),
    _of("person", "person"),
    Column("csrf", String(64), nullable=False),
    Column("created", Moment, nullable=False),
    Column("seen", Moment, nullable=False),
    Column("ended", Boolean, nullable=False),
)

items = Table(
    "item",
    metadata,
    _id(),
    Column("group_id", Text, nullable=False, unique=True),
    Column("content_hash", String(64), nullable=False),
    Column("prompt", JSON, nullable=False),
    Column("tools", JSON, nullable=False),
    Column("subset", Text),
    Column("meta", JSON, nullable=False),
    Column("source", Text, nullable=False, server_default=""),
    Column("prior", JSON, nullable=False),  # judgements that came with the group
    Column("gold", JSON(none_as_null=True)),  # the answer, where the item is there to test people
    Column("place", Id, nullable=False),  # in the project's random order
    Column("answers", JSON, nullable=False),  # numbers of its different responses
    Column("total", Integer, nullable=False),  # questions that can be asked of it
    # How many were, as long as there are more; so the next item is found without passing those that are through.
    Column("round", Integer),
    Column("withdrawn", Boolean, nullable=False),
    Column("created", Moment, nullable=False),
    Index("ix_item_round", "round", "place"),
)

responses = Table(
    "response",
    metadata,
    Column("item", Id, ForeignKey("item.id"), primary_key=True),
    Column("number", Integer, primary_key=True),  # the group's index
    Column("text", JSON, nullable=False),
    Column("length", Integer, nullable=False),
)

waves = Table(
    "wave",
    metadata,
    _id(),
    Column("rule", String(32), nullable=False),
    Column("model", String(500), nullable=False, server_default=""),
    Column("model_hash", String(64), nullable=False, server_default=""),
    Column("settings", JSON, nullable=False),
    Column("created", Moment, nullable=False),
)

_FREE = "state = 'open' and free > 0"
WANTS = text("question.state = 'open' and question.free > 0")
"""A condition: a question wants answers. In the words of its indexes, or SQLite does not see that they hold it: what is
bound to a statement it does not know when it plans."""

LEFT_AGAIN = text("question.refill")
"""A condition: somebody has left a question."""


questions = Table(
    "question",
    metadata,
    _id(),
    _of("item", "item"),
    Column("responses", JSON, nullable=False),  # numbers, sorted
    Column("key", String(300), nullable=False, unique=True),  # item, kind, responses, and whose, as text
    Column("kind", String(16), nullable=False),
    _of("repeats", "question", null=True),
    _of("person", "person", null=True),  # whom it is for; null: anybody
    Column("arm", String(16), nullable=False),
    _of("wave", "wave", null=True),
    Column("probability", Float),  # of its choice in its wave
    Column("wanted", Integer),  # answers; null: one of everybody
    Column("free", Integer, nullable=False),  # wanted, less those given or being given
    Column("refill", Boolean, nullable=False),  # whether somebody has left it, and others may have it
    Column("state", String(16), nullable=False),
    Column("gold_revision", Integer, nullable=False, server_default="0"),
    Column("reopened", Moment),  # since when skips count again
    Column("created", Moment, nullable=False),
    CheckConstraint("kind in ('ask', 'gold', 'repeat', 'training')", name="kind"),
    CheckConstraint("arm in ('random', 'informed', 'owner')", name="arm"),
    CheckConstraint("state in ('open', 'done', 'aside', 'withdrawn')", name="state"),
    Index("ix_question_free", "kind", "arm", "id", sqlite_where=text(_FREE), postgresql_where=text(_FREE)),
    Index(
        "ix_question_refill",
        "arm",
        "id",
        sqlite_where=text(f"refill and {_FREE}"),
        postgresql_where=text(f"refill and {_FREE}"),
    ),
    Index("ix_question_item", "item"),
    Index("ix_question_person", "person"),
)

_HELD = "state in ('open', 'answered')"
_OPEN = "state = 'open'"
IS_OPEN = text(f"lease.{_OPEN}")
"""A condition: a question is in somebody's hands; in the words of its index."""


leases = Table(
    "lease",
    metadata,
    _id(),
    Column("public_id", String(32), nullable=False, unique=True),
    _of("question", "question"),
    Column("place", Integer, nullable=False),  # among those who answer the question
    _of("person", "person"),
    Column("shown", JSON, nullable=False),  # response numbers in the order in which they stood
    Column("state", String(16), nullable=False),
    Column("given", Moment, nullable=False),
    Column("expires", Moment, nullable=False),
    CheckConstraint(
        "state in ('open', 'answered', 'skipped', 'expired', 'released', 'surplus', 'withdrawn')", name="state"
    ),
    # The last word on overlap, and on nobody answering a question twice; what comes beyond is surplus.
    Index(
        "uq_lease_place",
        "question",
        "place",
        unique=True,
        sqlite_where=text(_HELD),
        postgresql_where=text(_HELD),
    ),
    Index(
        "uq_lease_person",
        "question",
        "person",
        unique=True,
        sqlite_where=text(_HELD),
        postgresql_where=text(_HELD),
    ),
    Index("ix_lease_person", "person", "state", "id"),
    Index("ix_lease_question", "question", "person", "state"),
    Index("ix_lease_expires", "expires", sqlite_where=text(_OPEN), postgresql_where=text(_OPEN)),
)

judgements = Table(
    "judgement",
    metadata,
    _id(),
    _of("lease", "lease"),
    Column("revision", Integer, nullable=False),
    Column("client_id", String(64), nullable=False, unique=True),
    Column("kind", String(16), nullable=False),
    Column("answer", JSON, nullable=False),  # by the group's numbers
    Column("comment", Text, nullable=False, server_default=""),
    Column("reasons", JSON, nullable=False),
    Column("seconds_active", Float),
    Column("seconds_open", Float),
    Column("how", JSON, nullable=False),  # seen, aids, by_key, device, locale, app
    Column("gold_result", String(16)),
    Column("gold_revision", Integer),
    Column("guidelines_revision", Integer, nullable=False),
    Column("surplus", Boolean, nullable=False),
    Column("sent", Moment, nullable=False),
    CheckConstraint("kind in ('answer', 'skip', 'withdrawn')", name="kind"),
    UniqueConstraint("lease", "revision"),
)

utilities = Table(
    "utility",
    metadata,
    Column("wave", Id, ForeignKey("wave.id"), primary_key=True),
    Column("question", Id, ForeignKey("question.id"), primary_key=True),
    Column("figures", JSON, nullable=False),
)

events = Table(
    "event",
    metadata,
    _id(),
    _of("person", "person", null=True),
    Column("what", String(64), nullable=False),
    Column("detail", JSON, nullable=False),
    Column("at", Moment, nullable=False),
)

APPEND_ONLY = ("judgement", "event")
"""Tables whose rows nobody changes or takes away."""
