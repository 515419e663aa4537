"""The first schema."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _create_item()
    _create_person()
    _create_project()
    _create_wave()
    _create_event()
    _create_invite()
    _create_question()
    _create_response()
    _create_session()
    _create_lease()
    _create_utility()
    _create_judgement()


def _create_item() -> None:
    op.create_table(
        "item",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("group_id", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("prompt", sa.JSON(), nullable=False),
        sa.Column("tools", sa.JSON(), nullable=False),
        sa.Column("subset", sa.Text(), nullable=True),
        sa.Column("meta", sa.JSON(), nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("prior", sa.JSON(), nullable=False),
        sa.Column("gold", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("place", ID, nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=True),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("created", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_item"),
        sa.UniqueConstraint("group_id", name="uq_item_group_id"),
    )
    op.create_index("ix_item_round", "item", ["round", "place"], unique=False)


def _create_person() -> None:
    op.create_table(
        "person",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("folded", sa.String(length=100), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("locale", sa.String(length=8), nullable=True),
        sa.Column("password_hash", sa.String(length=200), nullable=True),
        sa.Column("return_hash", sa.String(length=64), nullable=True),
        sa.Column("guidelines_seen", sa.Integer(), server_default="0", nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("created", sa.Float(precision=53), nullable=False),
        sa.Column("random_from", ID, server_default="0", nullable=False),
        sa.Column("informed_from", ID, server_default="0", nullable=False),
        sa.CheckConstraint("role in ('owner', 'reviewer', 'annotator')", name="ck_person_role"),
        sa.PrimaryKeyConstraint("id", name="pk_person"),
        sa.UniqueConstraint("folded", name="uq_person_folded"),
        sa.UniqueConstraint("public_id", name="uq_person_public_id"),
    )


def _create_project() -> None:
    op.create_table(
        "project",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("secret", sa.LargeBinary(length=32), nullable=False),
        sa.Column("guidelines", sa.Text(), server_default="", nullable=False),
        sa.Column("guidelines_revision", sa.Integer(), server_default="0", nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("created", sa.Float(precision=53), nullable=False),
        sa.CheckConstraint("id = 1", name="ck_project_one"),
        sa.PrimaryKeyConstraint("id", name="pk_project"),
    )


def _create_wave() -> None:
    op.create_table(
        "wave",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("rule", sa.String(length=32), nullable=False),
        sa.Column("model", sa.String(length=500), server_default="", nullable=False),
        sa.Column("model_hash", sa.String(length=64), server_default="", nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("created", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_wave"),
    )


def _create_event() -> None:
    op.create_table(
        "event",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("person", ID, nullable=True),
        sa.Column("what", sa.String(length=64), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("at", sa.Float(precision=53), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name="fk_event_person"),
        sa.PrimaryKeyConstraint("id", name="pk_event"),
    )


def _create_invite() -> None:
    op.create_table(
        "invite",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("label", sa.String(length=100), server_default="", nullable=False),
        sa.Column("uses", sa.Integer(), server_default="0", nullable=False),
        sa.Column("max_uses", sa.Integer(), nullable=True),
        sa.Column("expires", sa.Float(precision=53), nullable=True),
        sa.Column("revoked", sa.Boolean(), nullable=False),
        sa.Column("created", sa.Float(precision=53), nullable=False),
        sa.Column("created_by", ID, nullable=True),
        sa.ForeignKeyConstraint(["created_by"], ["person.id"], name="fk_invite_created_by"),
        sa.PrimaryKeyConstraint("id", name="pk_invite"),
        sa.UniqueConstraint("token_hash", name="uq_invite_token_hash"),
    )


def _create_question() -> None:
    op.create_table(
        "question",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("item", ID, nullable=False),
        sa.Column("responses", sa.JSON(), nullable=False),
        sa.Column("key", sa.String(length=300), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("repeats", ID, nullable=True),
        sa.Column("person", ID, nullable=True),
        sa.Column("arm", sa.String(length=16), nullable=False),
        sa.Column("wave", ID, nullable=True),
        sa.Column("probability", sa.Float(), nullable=True),
        sa.Column("wanted", sa.Integer(), nullable=True),
        sa.Column("free", sa.Integer(), nullable=False),
        sa.Column("refill", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("gold_revision", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reopened", sa.Float(precision=53), nullable=True),
        sa.Column("created", sa.Float(precision=53), nullable=False),
        sa.CheckConstraint("arm in ('random', 'informed', 'owner')", name="ck_question_arm"),
        sa.CheckConstraint("kind in ('ask', 'gold', 'repeat', 'training')", name="ck_question_kind"),
        sa.CheckConstraint("state in ('open', 'done', 'aside', 'withdrawn')", name="ck_question_state"),
        sa.ForeignKeyConstraint(["item"], ["item.id"], name="fk_question_item"),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name="fk_question_person"),
        sa.ForeignKeyConstraint(["repeats"], ["question.id"], name="fk_question_repeats"),
        sa.ForeignKeyConstraint(["wave"], ["wave.id"], name="fk_question_wave"),
        sa.PrimaryKeyConstraint("id", name="pk_question"),
        sa.UniqueConstraint("key", name="uq_question_key"),
    )
    op.create_index(
        "ix_question_free",
        "question",
        ["kind", "arm", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'open' and free > 0"),
        postgresql_where=sa.text("state = 'open' and free > 0"),
    )
    op.create_index("ix_question_item", "question", ["item"], unique=False)
    op.create_index("ix_question_person", "question", ["person"], unique=False)
    op.create_index(
        "ix_question_refill",
        "question",
        ["arm", "id"],
        unique=False,
        sqlite_where=sa.text("refill and state = 'open' and free > 0"),
        postgresql_where=sa.text("refill and state = 'open' and free > 0"),
    )


def _create_response() -> None:
    op.create_table(
        "response",
        sa.Column("item", ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.JSON(), nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["item"], ["item.id"], name="fk_response_item"),
        sa.PrimaryKeyConstraint("item", "number", name="pk_response"),
    )


def _create_session() -> None:
    op.create_table(
        "session",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("person", ID, nullable=False),
        sa.Column("csrf", sa.String(length=64), nullable=False),
        sa.Column("created", sa.Float(precision=53), nullable=False),
        sa.Column("seen", sa.Float(precision=53), nullable=False),
        sa.Column("ended", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name="fk_session_person"),
        sa.PrimaryKeyConstraint("id", name="pk_session"),
        sa.UniqueConstraint("token_hash", name="uq_session_token_hash"),
    )


def _create_lease() -> None:
    op.create_table(
        "lease",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.String(length=32), nullable=False),
        sa.Column("question", ID, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("person", ID, nullable=False),
        sa.Column("shown", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("given", sa.Float(precision=53), nullable=False),
        sa.Column("expires", sa.Float(precision=53), nullable=False),
        sa.CheckConstraint(
            "state in ('open', 'answered', 'skipped', 'expired', 'released', 'surplus', 'withdrawn')",
            name="ck_lease_state",
        ),
        sa.ForeignKeyConstraint(["person"], ["person.id"], name="fk_lease_person"),
        sa.ForeignKeyConstraint(["question"], ["question.id"], name="fk_lease_question"),
        sa.PrimaryKeyConstraint("id", name="pk_lease"),
        sa.UniqueConstraint("public_id", name="uq_lease_public_id"),
    )
    op.create_index(
        "ix_lease_expires",
        "lease",
        ["expires"],
        unique=False,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index("ix_lease_person", "lease", ["person", "state", "id"], unique=False)
    op.create_index("ix_lease_question", "lease", ["question", "person", "state"], unique=False)
    op.create_index(
        "uq_lease_person",
        "lease",
        ["question", "person"],
        unique=True,
        sqlite_where=sa.text("state in ('open', 'answered')"),
        postgresql_where=sa.text("state in ('open', 'answered')"),
    )
    op.create_index(
        "uq_lease_place",
        "lease",
        ["question", "place"],
        unique=True,
        sqlite_where=sa.text("state in ('open', 'answered')"),
        postgresql_where=sa.text("state in ('open', 'answered')"),
    )


def _create_utility() -> None:
    op.create_table(
        "utility",
        sa.Column("wave", ID, nullable=False),
        sa.Column("question", ID, nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["question"], ["question.id"], name="fk_utility_question"),
        sa.ForeignKeyConstraint(["wave"], ["wave.id"], name="fk_utility_wave"),
        sa.PrimaryKeyConstraint("wave", "question", name="pk_utility"),
    )


def _create_judgement() -> None:
    op.create_table(
        "judgement",
        sa.Column("id", ID, autoincrement=True, nullable=False),
        sa.Column("lease", ID, nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.Column("comment", sa.Text(), server_default="", nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("seconds_active", sa.Float(), nullable=True),
        sa.Column("seconds_open", sa.Float(), nullable=True),
        sa.Column("how", sa.JSON(), nullable=False),
        sa.Column("gold_result", sa.String(length=16), nullable=True),
        sa.Column("gold_revision", sa.Integer(), nullable=True),
        sa.Column("guidelines_revision", sa.Integer(), nullable=False),
        sa.Column("surplus", sa.Boolean(), nullable=False),
        sa.Column("sent", sa.Float(precision=53), nullable=False),
        sa.CheckConstraint("kind in ('answer', 'skip', 'withdrawn')", name="ck_judgement_kind"),
        sa.ForeignKeyConstraint(["lease"], ["lease.id"], name="fk_judgement_lease"),
        sa.PrimaryKeyConstraint("id", name="pk_judgement"),
        sa.UniqueConstraint("client_id", name="uq_judgement_client_id"),
        sa.UniqueConstraint("lease", "revision", name="uq_judgement_lease_revision"),
    )
