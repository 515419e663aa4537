"""What counts as a word, in scripts with and without spaces."""

# Scripts that are written without spaces: kana, Han (three ranges), Thai and Lao, Myanmar, Khmer.
_UNSPACED = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"

TOKEN = rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+"
"""A token is a word; in a script that is written without spaces, one character. With pairs of neighbouring tokens as
features beside single ones, English gets its words and bigrams, and Chinese its characters and character bigrams."""
