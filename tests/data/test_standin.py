"""The stand-ins: the same texts and digits everywhere, and said to be stand-ins."""

import hashlib
import os
import subprocess
import sys

import numpy as np
import pytest

from distunlearn_lite import DatasetUnavailable, make_gaussians
from distunlearn_lite.data.standin import load_or_standin, load_standin


def test_docstrings_stand_in_for_texts(capfd):
    task = load_standin()
    assert (task.name, task.standin, task.is_text) == ("standin-text", True, True)
    assert "stand-in" in task.provenance
    assert "scipy" in task.provenance
    assert len(task) > 2500
    assert 200 < task.forget.sum() < len(task) / 4
    assert (task.y == task.forget).all()
    assert len(set(task.X)) == len(task)
    assert all(type(text) is str and 0 < len(text) <= 600 for text in task.X)
    assert capfd.readouterr() == ("", "")


def test_docstrings_do_not_depend_on_what_was_imported_or_hashed():
    # SciPy 1.15 and 1.16 print a set in one docstring: its order is theirs, not ours.
    code = (
        "import hashlib\n"
        "from distunlearn_lite.data.standin import load_standin\n"
        "texts = '\\0'.join(text for text in load_standin().X if '``{' not in text)\n"
        "print(hashlib.sha256(texts.encode()).hexdigest())"
    )
    command, otherwise = [sys.executable, "-c", code], os.environ | {"PYTHONHASHSEED": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=otherwise)
    texts = "\0".join(text for text in load_standin().X if "``{" not in text)
    here = hashlib.sha256(texts.encode()).hexdigest()
    assert (done.stdout.strip(), done.stderr) == (here, "")


def test_digits_stand_in_for_images():
    task = load_standin("images")
    assert task.X.shape == (1797, 64)
    assert (task.forget == (task.y == 3)).all()
    assert sorted(set(task.y.tolist())) == list(range(10))
    assert (task.name, task.standin) == ("standin-images", True)
    assert np.unique(task.X).tolist() == list(range(17))


def test_a_stand_in_takes_the_place_of_data_that_cannot_be_had():
    def absent(**options):
        raise DatasetUnavailable(str(options))

    assert load_or_standin(absent, "images", forget="cat").name == "standin-images"
    real = load_or_standin(make_gaussians, "images", n1=3, n2=4, separation=1.0, rng=0)
    assert real.name == "gaussians"
    with pytest.raises(ValueError, match="unknown kind 'sound'"):
        load_or_standin(absent, "sound")
