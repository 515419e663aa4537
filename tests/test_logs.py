"""Muted loggers and bars, and that they are afterwards as they were."""

import logging

import pytest
from transformers.utils import logging as transformers_logging

from plaudit.logs import muted


def test_a_muted_logger_says_errors_alone_and_then_all_again(caplog):
    logger = logging.getLogger("plaudit.training.somewhere")
    with muted("plaudit.training"):
        logger.warning("a warning")
        logger.error("an error")
    logger.warning("later")
    assert caplog.messages == ["an error", "later"]


def test_nothing_is_muted_when_it_is_not_wanted(caplog):
    with muted("plaudit", when=False):
        logging.getLogger("plaudit").warning("a warning")
    assert caplog.messages == ["a warning"]


def test_without_a_name_all_loggers_are_muted_and_inner_ones_do_not_end_it(caplog):
    with muted():
        with muted():
            pass
        logging.getLogger("anybody").warning("a warning")
    logging.getLogger("anybody").warning("later")
    assert caplog.messages == ["later"]


def test_levels_and_bars_return_after_an_error():
    before = transformers_logging.get_verbosity(), transformers_logging.is_progress_bar_enabled()
    with pytest.raises(ValueError, match="broken"), muted("transformers", "huggingface_hub"):
        assert transformers_logging.get_verbosity() == logging.ERROR
        assert not transformers_logging.is_progress_bar_enabled()
        raise ValueError("broken")
    assert (transformers_logging.get_verbosity(), transformers_logging.is_progress_bar_enabled()) == before
