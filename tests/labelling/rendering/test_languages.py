"""What a script tells of a language."""

import pytest

from plaudit.labelling.rendering import language_of


@pytest.mark.parametrize(
    "text, language",
    [
        ("长江比黄河长，而且水量更大。", "zh"),
        ("調用 `np.linalg.norm(x)` 即可得到長度。", "zh"),
        ("長江は黄河より長い。", "ja"),
        ("コンピューター", "ja"),
        ("양쯔강은 황허(黃河)보다 길다.", "ko"),
        ("แม่น้ำแยงซีเกียงยาวกว่า", "th"),
        ("Ο Γιανγκτσέ είναι μακρύτερος.", "el"),
        ("היאנגצה ארוך יותר", "he"),
        ("The Yangtze (长江) is longer than the Yellow River.", None),
        ("Янцзы длиннее.", None),
        ("نهر اليانغتسي أطول", None),
        ("3.14 + 2", None),
        ("", None),
    ],
)
def test_the_script_tells_or_does_not(text, language):
    assert language_of(text) == language
