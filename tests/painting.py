"""Prompts to list colours, and a reward by rule: a policy that learns from it must say red."""

from plaudit.groups import Group

COLOURS = ("red", "blue", "green", "black", "white", "pink")
PLACES = ("house", "door", "boat", "wall", "fence", "gate", "roof", "bridge", "tower", "shed", "barn", "mill")
PROMPTS = [Group(place, f"Colours for the {place}?", ("",)) for place in PLACES]


def reds(text):
    """How often a text says red, less a little for all else it says."""
    words = text.replace(".", "").split()
    return sum(word == "red" for word in words) - 0.1 * len(words)
