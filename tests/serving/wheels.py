"""Trainers' own code, from their wheels, without what they depend on: files are loaded one by one, with stand-ins for
the modules that are not installed (GPU kernels, Ray)."""

import importlib.util
import subprocess
import sys
import zipfile
from pathlib import Path
from unittest.mock import MagicMock

import pytest
from filelock import FileLock


def unpacked_wheel(config, requirement):
    """The folder of a wheel's files, downloaded once and kept in pytest's cache. Skips where it cannot be had.

    Args:
        config: pytest's.
        requirement: `name==version`.
    """
    folder = Path(config.cache.mkdir(requirement.replace("==", "-")))
    # Several workers of pytest may want it at once.
    with FileLock(folder / "lock"):
        _unpack(folder, requirement)
    return folder


def _unpack(folder, requirement):
    if not (folder / "whole").exists():
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder)]
        # Nothing in it is compiled: any Python may read what was built for one.
        build = ["--only-binary=:all:", "--python-version=3.11", "--platform=manylinux1_x86_64", "--abi=cp311"]
        done = subprocess.run([*pip, *build, "--abi=none", requirement], capture_output=True, text=True, timeout=3600)
        if done.returncode:
            pytest.skip(f"{requirement} cannot be downloaded: {(done.stderr.splitlines() or ['pip failed'])[-1]}")
        (wheel,) = folder.glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder)
        wheel.unlink()
        (folder / "whole").touch()


def load_file(monkeypatch, file, name, stubs=()):
    """A file as the module `name`, with stand-ins for other modules while it is loaded and until the test ends.

    Args:
        monkeypatch: pytest's.
        file: where it is.
        name: its own name; kept in `sys.modules` until the test ends.
        stubs: names of modules, or name -> stand-in.
    """
    for other, stub in dict(stubs if isinstance(stubs, dict) else dict.fromkeys(stubs)).items():
        monkeypatch.setitem(sys.modules, other, stub or MagicMock(name=other))
    spec = importlib.util.spec_from_file_location(name, file)
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, module)
    spec.loader.exec_module(module)
    return module
