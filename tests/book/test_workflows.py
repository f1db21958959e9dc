"""The workflows: rights no wider than a job needs, and nothing published that was not tested."""

import re
from pathlib import Path

import pytest
import yaml

import tasks

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def read(name):
    text = (ROOT / ".github" / "workflows" / name).read_text(encoding="utf-8")
    return yaml.load(text, yaml.BaseLoader)  # plain strings: `on` is a word here


def test_only_the_job_that_deploys_may_write():
    for path in WORKFLOWS:
        workflow = read(path.name)
        assert workflow["permissions"] == {"contents": "read"}
        for name, job in workflow["jobs"].items():
            wanted = {"pages": "write", "id-token": "write"} if name == "deploy" else None
            assert job.get("permissions") == wanted, f"{path.name}: {name}"
    deploy = read("publish.yml")["jobs"]["deploy"]
    assert [step["uses"].split("@")[0] for step in deploy["steps"]] == ["actions/deploy-pages"]


def test_what_is_published_was_built_and_tested():
    jobs = read("publish.yml")["jobs"]
    assert jobs["test"]["uses"] == "./.github/workflows/test.yml"
    assert set(jobs["deploy"]["needs"]) == {"build", "test"}
    assert "if" not in jobs["deploy"]
    assert "workflow_call" in read("test.yml")["on"]


def test_every_python_of_the_matrix_is_one_that_versions_tries():
    matrix = read("test.yml")["jobs"]["test"]["strategy"]["matrix"]["python"]
    assert matrix == [version for version in tasks.PYTHONS if version in matrix]
    assert matrix[0] == tasks.PYTHONS[0]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_pinned_by_commit_with_the_version_beside(path):
    used = re.findall(r"uses: (?!\./)(.*)", path.read_text(encoding="utf-8"))
    assert used
    for action in used:
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action), action
