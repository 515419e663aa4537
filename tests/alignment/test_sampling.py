"""Samples: exact log-probabilities, the true distribution, ends, and draws that depend on the seed alone."""

from collections import Counter

import numpy as np
import pytest
import torch
from tiny import DECODERS, tiny_language_model_folder

from plaudit.alignment.experience import describe
from plaudit.alignment.policy import Policy
from plaudit.alignment.prompts import read_prompts
from plaudit.alignment.sampling import draw_samples
from plaudit.groups import Group

QUESTIONS = [Group(name, text, ("",)) for name, text in (("a", "Why?"), ("b", "How does one boil an egg in space?"))]


def prompts_of(policy, groups=QUESTIONS):
    return read_prompts(groups, policy.renderer, max_new_tokens=12)


@pytest.mark.parametrize("family", [family for family in DECODERS if family != "gpt-oss"])
def test_log_probabilities_are_those_of_a_plain_forward_pass(family, tmp_path):
    """By one forward pass of transformers over each text alone: no cache, no padding, no company."""
    policy = Policy.open(tiny_language_model_folder(tmp_path / family, family), temperature=0.7)
    for sample in draw_samples(policy, prompts_of(policy), 3, max_new_tokens=12, seed=[0]):
        tokens = torch.from_numpy(np.concatenate([sample.prompt.tokens, sample.tokens]))[None]
        with torch.no_grad():
            logits = policy.model(input_ids=tokens).logits[0, len(sample.prompt.tokens) - 1 : -1] / 0.7
        expected = torch.log_softmax(logits.float(), -1)[range(len(sample.tokens)), sample.tokens]
        np.testing.assert_allclose(sample.log_probs, expected.numpy(), atol=1e-4)


@pytest.mark.parametrize("family", ["llama", "gemma2", "gpt2", "opt"])
def test_training_sees_what_sampling_saw(family, tmp_path):
    policy = Policy.open(tiny_language_model_folder(tmp_path / family, family))
    samples = draw_samples(policy, prompts_of(policy), 4, max_new_tokens=12, seed=[0])
    known = describe(policy, samples, batch_tokens=60)
    assert known.sampling_error(samples) < 1e-4
    assert (known.log_probs - known.reference_log_probs).abs().max() < 1e-4


def test_tokens_are_drawn_with_their_probabilities(painter):
    policy = Policy.open(painter)
    (prompt,) = prompts_of(policy, [Group("q", "Colours for the door?", ("",))])
    first = Counter(
        int(s.tokens[0]) for s in draw_samples(policy, [prompt], 4000, max_new_tokens=1, seed=[3], rows=4000)
    )
    with torch.no_grad():
        logits = policy.model(input_ids=torch.from_numpy(prompt.tokens)[None]).logits[0, -1]
    chances = torch.softmax(logits, -1)
    for token, chance in enumerate(chances.tolist()):
        # Five standard errors; 300 tokens are looked at.
        assert abs(first[token] / 4000 - chance) < 5 * (chance * (1 - chance) / 4000) ** 0.5 + 1e-3


def test_the_folders_sampling_settings_have_no_part(painter):
    policy = Policy.open(painter)
    before = draw_samples(policy, prompts_of(policy), 4, max_new_tokens=12, seed=[0])
    policy.model.generation_config.update(do_sample=False, top_k=1, temperature=0.1, repetition_penalty=9.0)
    after = draw_samples(policy, prompts_of(policy), 4, max_new_tokens=12, seed=[0])
    assert [one.text for one in before] == [one.text for one in after]


def test_the_same_seed_gives_the_same_answers_and_another_gives_others(painter):
    policy = Policy.open(painter)
    draws = [
        [sample.text for sample in draw_samples(policy, prompts_of(policy), 4, max_new_tokens=12, seed=seed)]
        for seed in ([1, 2], [1, 2], [2, 1])
    ]
    assert draws[0] == draws[1] != draws[2]


def test_an_answer_ends_with_its_end_or_is_cut(painter):
    policy = Policy.open(painter)
    (end,) = policy.ends
    samples = draw_samples(policy, prompts_of(policy), 40, max_new_tokens=6, seed=[0])
    assert {sample.ended for sample in samples} == {True, False}
    for sample in samples:
        assert sample.ended == (sample.tokens[-1] == end)
        assert end not in sample.tokens[:-1]
        assert sample.ended or len(sample.tokens) == 6
        assert "<|end|>" not in sample.text


def test_padding_that_is_the_end_of_text_changes_nothing(painter):
    policy, other = Policy.open(painter), Policy.open(painter)
    other.renderer.tokenizer.pad_token = other.renderer.tokenizer.eos_token
    other.model.config.pad_token_id = other.renderer.tokenizer.eos_token_id
    samples, others = (draw_samples(one, prompts_of(one), 8, max_new_tokens=12, seed=[0]) for one in (policy, other))
    assert [s.tokens.tolist() for s in samples] == [s.tokens.tolist() for s in others]
    assert describe(other, others, batch_tokens=99).sampling_error(others) < 1e-4


def test_several_ends_are_honoured(painter):
    policy = Policy.open(painter)
    stop = policy.renderer.tokenizer.convert_tokens_to_ids(".")
    policy.model.generation_config.eos_token_id = [*policy.ends, stop]
    del policy.ends
    samples = draw_samples(policy, prompts_of(policy), 20, max_new_tokens=30, seed=[0])
    assert any(sample.tokens[-1] == stop for sample in samples)
    assert not any(stop in sample.tokens[:-1] for sample in samples)


def test_how_many_are_written_at_a_time_is_no_part_of_an_answer(painter):
    policy = Policy.open(painter)
    samples = draw_samples(policy, prompts_of(policy), 3, max_new_tokens=12, seed=[0], rows=1)
    assert [sample.prompt.group.id for sample in samples] == ["a", "a", "a", "b", "b", "b"]
    assert describe(policy, samples, batch_tokens=10**6).sampling_error(samples) < 1e-4
