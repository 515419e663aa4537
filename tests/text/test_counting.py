from plaudit.text import counted


def test_one_has_no_plural():
    assert [counted(count, "prompts") for count in (0, 1, 2, 1000)] == [
        "0 prompts",
        "1 prompt",
        "2 prompts",
        "1,000 prompts",
    ]


def test_what_follows_the_noun_stays():
    assert counted(1, "rows of data") == "1 row of data"
    assert counted(2, "rows of data") == "2 rows of data"


def test_a_word_without_a_plural_stays():
    assert counted(1, "more") == "1 more"
