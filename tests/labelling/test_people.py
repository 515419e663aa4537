"""Invitations, sessions, passwords and names."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from labelling.crowds import rows

from plaudit.errors import InvalidInputError, NotFoundError, PlauditError
from plaudit.labelling import invitations, people
from plaudit.labelling.database.tables import invites, persons, sessions

DAY = 86400
SECRET = "correct horse"


@pytest.fixture
def project(make):
    return make()


def test_an_invitation_is_used_up_by_the_button_alone(project):
    token = invitations.create_invitation(project, most=1)
    assert [invitations.invitation(project, token).role for _ in range(3)] == ["annotator"] * 3
    who = people.signed_in(project, invitations.accept(project, token, " Ann  Lee ", "zh"))
    assert (who.name, who.role, who.locale) == ("Ann Lee", "annotator", "zh")
    assert invitations.invitation(project, token) is None
    with pytest.raises(NotFoundError, match="ask for a new one"):
        invitations.accept(project, token, "Bea")
    assert len(rows(project, persons)) == 1


def test_a_name_that_is_taken_uses_nothing_up(project):
    people.add_person(project, "Ann")
    token = invitations.create_invitation(project, most=1)
    with pytest.raises(InvalidInputError, match="somebody is called 'ANN' already"):
        invitations.accept(project, token, "ANN")
    invitations.accept(project, token, "Bea")


def test_an_invitation_ends(project, clock):
    token = invitations.create_invitation(project, days=14)
    clock.pass_by(14 * DAY - 1)
    assert invitations.invitation(project, token).role == "annotator"
    clock.pass_by(2)
    assert invitations.invitation(project, token) is None
    with pytest.raises(NotFoundError):
        invitations.accept(project, token, "Ann")
    for_good = invitations.create_invitation(project, days=None)
    clock.pass_by(1000 * DAY)
    assert invitations.invitation(project, for_good).role == "annotator"


def test_an_invitation_is_revoked(project):
    first = invitations.create_invitation(project, "reviewer", label="for Bea")
    second = invitations.create_invitation(project, most=3)
    invitations.accept(project, first, "Bea")
    newest, oldest = invitations.invitations(project)
    assert (oldest["label"], oldest["role"], oldest["uses"], oldest["holds"]) == ("for Bea", "reviewer", 1, True)
    assert newest["most"] == 3
    invitations.revoke_invitation(project, oldest["id"])
    assert invitations.invitation(project, first) is None
    assert invitations.invitation(project, second).role == "annotator"
    assert people.find_person(project, "bea") is not None


def test_as_many_as_may_and_no_more(project):
    """Twelve people press the button at once."""
    token = invitations.create_invitation(project, most=5)

    def join(number):
        try:
            return invitations.accept(project, token, f"person no. {number}")
        except NotFoundError:
            return None

    with ThreadPoolExecutor(12) as pool:
        joined = [session for session in pool.map(join, range(12)) if session]
    assert len({*joined}) == 5
    assert len(rows(project, persons)) == 5
    assert rows(project, invites)[0].uses == 5


def test_one_name_at_the_same_moment(project):
    def add(number):
        try:
            return people.add_person(project, "Ann" if number % 2 else "ANN")
        except InvalidInputError as error:
            assert "is called" in str(error)
            return None

    with ThreadPoolExecutor(8) as pool:
        assert sum(one is not None for one in pool.map(add, range(8))) == 1


def test_a_return_link_works_once(project):
    ann = people.add_person(project, "Ann")
    old, token = (invitations.create_return_link(project, ann) for _ in range(2))
    assert invitations.invitation(project, old) is None
    assert [invitations.invitation(project, token).name for _ in range(2)] == ["Ann"] * 2
    assert people.signed_in(project, invitations.accept(project, token, "")).id == ann
    assert invitations.invitation(project, token) is None
    with pytest.raises(NotFoundError):
        invitations.accept(project, token, "")


def test_tokens_are_kept_as_digests(project):
    invitation = invitations.create_invitation(project)
    session = invitations.accept(project, invitation, "Ann")
    link = invitations.create_return_link(project, 1)
    kept = str([*rows(project, invites), *rows(project, sessions), *rows(project, persons)])
    assert not [token for token in (invitation, session, link) if token in kept]


def test_a_session_rolls_and_ends_all_the_same(project, clock):
    token = invitations.accept(project, invitations.create_invitation(project), "Ann")
    for _ in range(4):
        clock.pass_by(22 * DAY)
        assert people.signed_in(project, token) is not None
    clock.pass_by(3 * DAY)
    assert people.signed_in(project, token) is None, "after 90 days"
    other = invitations.accept(project, invitations.create_invitation(project), "Bea")
    clock.pass_by(29 * DAY)
    assert people.signed_in(project, other)
    clock.pass_by(31 * DAY)
    assert people.signed_in(project, other) is None, "30 days without a visit"


def test_sessions_end(project):
    token = invitations.accept(project, invitations.create_invitation(project), "Ann")
    second = invitations.accept(project, invitations.create_return_link(project, 1), "")
    people.sign_out(project, token)
    assert people.signed_in(project, token) is None
    assert people.signed_in(project, second) is not None
    people.set_role(project, 1, "reviewer")
    assert people.signed_in(project, second) is None
    third = invitations.accept(project, invitations.create_return_link(project, 1), "")
    assert people.signed_in(project, third).role == "reviewer"
    people.set_password(project, 1, SECRET)
    assert people.signed_in(project, third) is None
    assert people.signed_in(project, "nothing") is None


def test_passwords(project):
    assert not people.has_password(project)
    people.add_person(project, "Olga", "owner", SECRET)
    assert people.has_password(project)
    assert people.signed_in(project, people.sign_in(project, " olga ", SECRET)).role == "owner"
    people.add_person(project, "Ann")
    for name, password in (("Olga", "wrong horse"), ("Nobody", SECRET), ("Ann", ""), ("Ann", SECRET), ("", "")):
        with pytest.raises(InvalidInputError, match="do not belong together"):
            people.sign_in(project, name, password)
    (hashed,) = [row.password_hash for row in rows(project, persons) if row.password_hash]
    assert hashed.startswith("$argon2id$")
    with pytest.raises(InvalidInputError, match="at least 10 characters; choose a longer one"):
        people.set_password(project, 1, "short")


@pytest.mark.parametrize(
    ("first", "second"),
    [("Ann", "ANN"), ("Straße", "STRASSE"), ("Ann Lee", "  ann   lee "), ("Zo\u00eb", "Zoe\u0308"), ("Ｋim", "kim")],
)
def test_names_that_look_alike_are_one(project, first, second):
    ann = people.add_person(project, first)
    assert people.find_person(project, second) == ann
    with pytest.raises(InvalidInputError, match="is called"):
        people.add_person(project, second)


@pytest.mark.parametrize("name", ["", "  ", "x" * 61, "a\0b", "a\u202eb", "\ufdfa" * 20, "person-17", "PERSON-17"])
def test_no_names(project, name):
    with pytest.raises(InvalidInputError, match="choose another"):
        people.add_person(project, name)


def test_names_of_the_world(project):
    for name in ("李雷", "שרה", "O'Brien-Núñez", "ß" * 50, "x" * 60):
        assert people.find_person(project, name) is None
        assert people.find_person(project, name) == people.find_person(project, str(name).casefold())
        assert people.add_person(project, name) == people.find_person(project, name)


def test_roles(project):
    for call in (
        lambda: people.add_person(project, "Ann", "king"),
        lambda: invitations.create_invitation(project, "king"),
        lambda: people.set_role(project, people.add_person(project, "Bea"), "king"),
    ):
        with pytest.raises(PlauditError, match="there are owner, reviewer, annotator"):
            call()
