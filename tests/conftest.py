"""Settings of every test, made before torch is imported. No test reaches the network."""

import os
import signal

# Started in the background by a shell, Python ignores Ctrl-C, and so would every process a test starts and interrupts.
signal.signal(signal.SIGINT, signal.default_int_handler)

# A tiny model computes faster on one thread than it can wake a second.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
# What terminals print follows the locale.
os.environ["LC_ALL"] = "C.UTF-8"
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

from hypothesis import HealthCheck, settings  # noqa: E402 - after the environment is set
from jaxtyping import install_import_hook  # noqa: E402

# These machines are noisy: how long an example takes says nothing of the code.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")

# Array types and shapes are checked at every call, in rooms that say them. Installed before any of them is imported.
_ROOMS = ["evaluation", "forest", "judgements", "losses", "statistics"]
install_import_hook([f"plaudit.{room}" for room in _ROOMS], "typechecking.check")
