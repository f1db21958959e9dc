"""The claims table: complete, and every check it names exists."""

import csv
import re
from pathlib import Path

import nbformat

from tools.notebooks import chapters, checked_claims
from tools.perturb import TABLE, fingerprint, perturbations, recorded
from tools.perturb import table as broken_statements

ROOT = Path(__file__).resolve().parents[2]
STATUSES = {"proved", "quoted, checked numerically"}
KINDS = "theorem|proposition|corollary"


def table():
    with (ROOT / "book" / "claims.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def statements(kinds=KINDS):
    """Label -> (chapter, index of its cell) of every numbered statement of some kinds."""
    found = {}
    for path in chapters():
        for index, cell in enumerate(nbformat.read(path, as_version=4).cells):
            pattern = rf":::\{{prf:(?:{kinds})\}}[^\n]*\n:label: (\S+)"
            for label in re.findall(pattern, cell.source):
                found[label] = (path, index)
    return found


def test_every_numbered_claim_is_in_the_table_once():
    labels = re.findall(r"\{prf:ref\}`(.+?)`", " ".join(row["statement"] for row in table()))
    assert sorted(labels) == sorted(statements())


def test_every_row_has_a_known_status():
    assert {row["status"] for row in table()} <= STATUSES


def test_every_named_test_exists():
    for row in table():
        if row["check"] == "*Check this theorem*":
            continue
        file, name = row["check"].strip("`").split("::")
        source = (ROOT / "tests" / file).read_text(encoding="utf-8")
        assert f"def {name}(" in source, row["check"]


def labels_in(path):
    """Labels of the statements that the folded cells of a chapter check."""
    cells = nbformat.read(path, as_version=4).cells
    return [label for cell in cells for label in checked_claims(cell.source)]


def test_every_claim_is_followed_by_a_check_that_names_it():
    for label, (path, index) in statements().items():
        after = nbformat.read(path, as_version=4).cells[index + 1 :]
        assert any(label in checked_claims(cell.source) for cell in after), label


def test_a_check_names_statements_or_figures_of_its_chapter():
    checked = statements(f"{KINDS}|lemma|remark")
    for path in chapters():
        text = path.read_text(encoding="utf-8")
        for label in labels_in(path):
            figure = f'"name": "{label}"' in text
            assert figure or checked.get(label, [None])[0] == path, f"{path.stem}: {label}"


def test_nothing_that_the_first_edition_proved_is_lost():
    """A line of the list is a label, and after it the new one where a better text has another."""
    lines = (Path(__file__).parent / "first_edition.txt").read_text(encoding="utf-8").splitlines()
    proofs = {}
    for path in chapters():
        text = "\n".join(c.source for c in nbformat.read(path, as_version=4).cells)
        for label in re.findall(rf":::\{{prf:(?:{KINDS})\}}[^\n]*\n:label: (\S+)", text):
            after = re.split(
                rf":::\{{prf:(?:{KINDS}|lemma)\}}", text.partition(f":label: {label}")[2]
            )
            proofs[label] = ":::{prf:proof}" in after[0]
    listed = {row["statement"]: row["status"] for row in table()}
    for label in (line.split()[-1] for line in lines):
        status = listed[f"{{prf:ref}}`{label}`"]
        assert proofs[label] or status == "quoted, checked numerically", label


def proved():
    found = {re.findall(r"`(.+?)`", row["statement"])[0]: row["status"] for row in table()}
    return {label for label, status in found.items() if status == "proved"}


def test_every_proved_claim_was_broken_on_purpose_in_two_ways_at_least():
    caught = [row["claim"] for row in recorded()]
    few = [label for label in proved() if caught.count(label) < 2]
    assert not few, "run: python tasks.py perturb"


def test_the_record_of_broken_statements_is_that_of_the_present_text():
    record = [(row["claim"], row["what"], row["checks"]) for row in recorded()]
    now = [
        (row["claim"], row["what"], fingerprint(path))
        for path in chapters()
        for row in perturbations(path)
    ]
    assert sorted(record) == sorted(now), "run: python tasks.py perturb"


def test_the_claims_page_shows_the_record():
    with TABLE.open(encoding="utf-8", newline="") as file:
        shown = [tuple(row) for row in csv.reader(file)][1:]
    assert shown == broken_statements(recorded())


def test_every_number_of_the_paper_names_a_test_that_recomputes_its_verdict():
    page = (ROOT / "book" / "claims.md").read_text(encoding="utf-8")
    file, name = re.search(r"`(replication/\w+\.py)::(\w+)`", page).groups()
    source = (ROOT / "tests" / file).read_text(encoding="utf-8")
    body = source.partition(f"def {name}(")[2].partition("\ndef ")[0]
    assert 'line["verdict"] == verdict(' in body
    assert not any(row["in the paper"].startswith("Table 2") for row in table())
