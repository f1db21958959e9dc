"""Features of one's own for CIFAR-10: the file's form, its order, and the run."""

import numpy as np
import pytest
from sklearn.linear_model import RidgeClassifier
from sklearn.model_selection import train_test_split

from distunlearn_lite import UnlearningTask
from distunlearn_lite.data import CIFAR10_CLASSES
from distunlearn_lite.replication.experiments import own_features
from distunlearn_lite.replication.experiments.own_features import (
    validation_accuracies,
    with_own_features,
)
from distunlearn_lite.replication.runner import replicate, run

N, TEST = 600, 200


@pytest.fixture(autouse=True)
def images(monkeypatch):
    """Sixty times ten images in place of the 60,000."""
    y = np.random.default_rng(0).permutation(np.arange(N) % 10)
    task = UnlearningTask(
        X=np.zeros((N, 3), np.uint8),
        y=y,
        forget=y == CIFAR10_CLASSES.index("cat"),
        official_test=np.arange(N) >= N - TEST,
        name="cifar10-cat",
        provenance="images",
    )
    monkeypatch.setattr(own_features, "load_cifar10", lambda **_: task)
    return task


def table(images, columns=12):
    rng = np.random.default_rng(1)
    centres = rng.standard_normal((10, columns))
    rows = 5 + 3 * (centres[images.y] + 0.7 * rng.standard_normal((N, columns)))
    return np.column_stack([rows, images.y])


def saved(tmp_path, array):
    path = tmp_path / "features.npy"
    np.save(path, array)
    return path


def test_the_ten_tasks_in_features_of_ones_own(tmp_path, images):
    experiment = with_own_features(saved(tmp_path, table(images)))
    tasks = experiment.load()
    assert [task.name for task in tasks] == [f"cifar10-{name}" for name in CIFAR10_CLASSES]
    training = tasks[0].X[: N - TEST]
    assert np.allclose(training.mean(axis=0), 0, atol=1e-5)
    assert np.allclose(training.std(axis=0), 1, atol=1e-5)
    assert "12 columns" in tasks[0].provenance
    accuracies = validation_accuracies(training, images.y[: N - TEST])
    best = max(accuracies, key=accuracies.get)
    assert experiment.plans[0].model().alpha == best
    assert best < 20_000  # which predicts little from 320 rows
    recorded = run(experiment, tasks, seeds=[0], folder=tmp_path)
    assert recorded.provenance["name"] == "cifar10-features"
    assert set(recorded.frame["task"]) == {task.name for task in tasks}
    recall = recorded.frame.query("metric == 'forget_recall' and budget == 0")
    assert (recall["value"] > 0.5).all()


def test_the_penalties_are_compared_as_by_refits(images):
    rows = table(images)[: N - TEST, :-1].astype(np.float32)
    labels = images.y[: N - TEST]
    parts = np.arange(labels.size)
    learn, held = train_test_split(parts, test_size=0.2, stratify=labels, random_state=0)
    for alpha, accuracy in validation_accuracies(rows, labels, (1.0, 30.0, 1000.0)).items():
        refit = RidgeClassifier(alpha=alpha).fit(rows[learn].astype(float), labels[learn])
        assert accuracy == pytest.approx(refit.score(rows[held].astype(float), labels[held]))


def test_the_command_takes_them_for_cifar10_only(tmp_path, images, monkeypatch):
    path = saved(tmp_path, table(images))
    found = []
    monkeypatch.setattr(
        "distunlearn_lite.replication.runner.run",
        lambda experiment, tasks, **options: found.append((experiment.name, len(tasks))),
    )
    replicate("cifar10", features=path)
    assert found == [("cifar10-features", 10)]
    with pytest.raises(ValueError, match="taken for 'cifar10' only, got 'sms'"):
        replicate("sms", features=path)


def spoiled(array, kind):
    if kind == "shuffled":
        return np.random.default_rng(2).permutation(array)
    if kind == "nan":
        array[7, 3] = np.nan
        return array
    return {
        "short": array[:-1],
        "labels alone": array[:, -1:],
        "flat": array[:, 0],
        "no labels": array[:, :-1],
        "texts": array.astype(str),
    }[kind]


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("shuffled", r"not in the order of the images: \d+ labels .* in row \d+"),
        ("no labels", "not in the order of the images"),
        ("nan", "NaN or infinite numbers, the first of them in row 7"),
        ("short", r"shape \(600, features \+ 1\).*got \(599, 13\)"),
        ("labels alone", r"got \(600, 1\)"),
        ("flat", "one array of numbers"),
        ("texts", "one array of numbers"),
    ],
)
def test_a_file_that_does_not_fit_is_refused(tmp_path, images, kind, message):
    path = saved(tmp_path, spoiled(table(images), kind))
    with pytest.raises(ValueError, match=message):
        with_own_features(path)


def test_what_is_no_array_is_refused(tmp_path):
    path = tmp_path / "features.npy"
    path.write_bytes(b"not an array")
    with pytest.raises(ValueError, match=r"no array as numpy\.save writes it"):
        with_own_features(path)
    with pytest.raises(FileNotFoundError):
        with_own_features(tmp_path / "absent.npy")
