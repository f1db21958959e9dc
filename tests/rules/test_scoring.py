"""Scoring rules: formulas, the likelihood ratio, invariances, sparse and memory-mapped input."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse, stats
from sklearn.covariance import EmpiricalCovariance
from sklearn.metrics.pairwise import cosine_distances, euclidean_distances

from distunlearn_lite import matrices
from distunlearn_lite.matrices import row_blocks
from distunlearn_lite.rules.scoring import SCORING_RULES, options_of, score, shared_basis
from distunlearn_lite.rules.selection import select_deletions
from distunlearn_lite.theory.gaussian import Gaussian
from tests.rules.sets import as_sparse, correlated_sets

# The rules with a formula in means and covariances, and those that fit a model.
CLOSED = ["l2-mu2", "maha-mu2", "cos-mu2", "lr-maha", "lr-cos", "tfidf-norm", "coreset"]
LEARNT = ["knn-ratio", "density-ratio", "margin", "influence"]
RULES = ["random", *CLOSED, *LEARNT]
BY_VALUE = [rule for rule in RULES[1:] if rule != "density-ratio"]  # its folds go by position
KINDS = [sparse.csr_array, sparse.csr_matrix, sparse.csc_array, sparse.coo_array]
IN_A_BASIS = ["maha-mu2", "lr-maha", *LEARNT]


def test_the_rules_are_the_documented_ones():
    assert list(SCORING_RULES) == RULES
    for rule in RULES:
        assert f"``{rule}``" in score.__doc__


def test_every_rule_matches_its_formula():
    forget, retain = correlated_sets()
    forget[0] = 0  # has no direction
    mu1, mu2 = forget.mean(axis=0, keepdims=True), retain.mean(axis=0, keepdims=True)
    of_retained = EmpiricalCovariance().fit(retain)
    centred = np.vstack([forget - mu1, retain - mu2])
    pooled = EmpiricalCovariance(assume_centered=True).fit(centred).precision_

    def squared(x, mu):
        return np.einsum("ij,jk,ik->i", x - mu, pooled, x - mu)

    expected = {
        "l2-mu2": euclidean_distances(forget, mu2)[:, 0],
        "maha-mu2": np.sqrt(of_retained.mahalanobis(forget)),
        "cos-mu2": cosine_distances(forget, mu2)[:, 0],
        "lr-maha": squared(forget, mu2) - squared(forget, mu1),
        "lr-cos": (cosine_distances(forget, mu2) - cosine_distances(forget, mu1))[:, 0],
        "tfidf-norm": np.abs(forget).sum(axis=1),
        "coreset": -euclidean_distances(forget, mu1)[:, 0],
    }
    assert set(expected) == set(CLOSED)
    for rule, values in expected.items():
        assert score(forget, retain, rule) == pytest.approx(values, rel=1e-9, abs=1e-9), rule
    unsquared = np.sqrt(squared(forget, mu2)) - np.sqrt(squared(forget, mu1))
    assert score(forget, retain, "lr-maha", squared=False) == pytest.approx(unsquared)


@given(st.integers(1, 5), st.integers(0, 10**6))
def test_lr_maha_is_twice_the_log_likelihood_ratio(dim, seed):
    forget, retain = correlated_sets(dim, seed)
    n1, n2 = len(forget), len(retain)
    pooled = n1 * np.cov(forget.T, bias=True) + n2 * np.cov(retain.T, bias=True)
    p1, p2 = (Gaussian(x.mean(axis=0), pooled / (n1 + n2)) for x in (forget, retain))
    ratio = p1.logpdf(forget) - p2.logpdf(forget)
    assert score(forget, retain, "lr-maha") == pytest.approx(2 * ratio, rel=1e-7, abs=1e-7)


def test_random_scores_are_uniform_and_seeded():
    forget, retain = np.zeros((5000, 1)), np.zeros((1, 1))
    drawn = score(forget, retain, "random", rng=1)
    assert stats.kstest(drawn, "uniform").pvalue > 1e-3
    assert (drawn == score(forget, retain, "random", rng=np.random.default_rng(1))).all()
    assert (drawn != score(forget, retain, "random", rng=2)).any()


@given(st.sampled_from(["l2-mu2", "maha-mu2", "lr-maha", "coreset"]), st.integers(0, 10**6))
def test_distances_do_not_depend_on_the_origin(rule, seed):
    forget, retain = correlated_sets(3, seed)
    shift = 100 * np.random.default_rng(seed).standard_normal(3)
    moved = score(forget + shift, retain + shift, rule)
    assert moved == pytest.approx(score(forget, retain, rule), rel=1e-7, abs=1e-7)


@pytest.mark.parametrize("rule", ["cos-mu2", "lr-cos", "tfidf-norm"])
def test_the_other_rules_do_depend_on_the_origin(rule):
    forget, retain = correlated_sets()
    assert score(forget + 5, retain + 5, rule) != pytest.approx(score(forget, retain, rule))


@given(
    st.sampled_from([("maha-mu2", {}), ("lr-maha", {}), ("lr-maha", {"squared": False})]),
    st.integers(1, 4),
    st.integers(0, 10**6),
)
def test_mahalanobis_rules_do_not_depend_on_the_units(rule_and_options, dim, seed):
    rule, options = rule_and_options
    forget, retain = correlated_sets(dim, seed)
    rng = np.random.default_rng(seed + 1)
    # Rotation, stretch by up to 100, rotation: any invertible map of moderate condition.
    turns = [np.linalg.qr(rng.standard_normal((dim, dim)))[0] for _ in range(2)]
    linear = turns[0] @ np.diag(np.exp(rng.uniform(-2.3, 2.3, dim))) @ turns[1]
    mapped = score(forget @ linear + 3, retain @ linear + 3, rule, **options)
    assert mapped == pytest.approx(score(forget, retain, rule, **options), rel=1e-6, abs=1e-6)


@given(
    st.sampled_from(["l2-mu2", "cos-mu2", "lr-cos", "coreset", "tfidf-norm"]),
    st.sampled_from([1e-3, 0.5, 1e4]),
    st.integers(0, 10**6),
)
def test_the_scale_of_all_features_never_changes_the_order(rule, scale, seed):
    forget, retain = correlated_sets(3, seed)
    order = select_deletions(score(forget, retain, rule), 1.0)
    scaled = select_deletions(score(scale * forget, scale * retain, rule), 1.0)
    assert (order == scaled).all()


@given(st.sampled_from(BY_VALUE), st.integers(0, 10**6))
def test_the_order_of_the_rows_does_not_matter(rule, seed):
    forget, retain = correlated_sets(3, seed)
    rng = np.random.default_rng(seed)
    one, two = rng.permutation(len(forget)), rng.permutation(len(retain))
    shuffled = score(forget[one], retain[two], rule)
    digits = 1e-6 if rule in LEARNT else 1e-9
    assert shuffled == pytest.approx(score(forget, retain, rule)[one], rel=digits, abs=digits)


@pytest.mark.parametrize("rule", CLOSED)
def test_scores_rise_away_from_the_retained_set(rule):
    # On the half-line from mu2 through mu1 every rule but the coreset prefers the farther point;
    # the cosine rules cannot see distance, so they are given an angle.
    forget = np.column_stack([np.arange(1.0, 9.0), np.arange(1.0, 9.0) ** 2])
    retain = np.array([[1.0, 0.0], [2.0, 0.1], [1.5, -0.3], [1.2, 0.4]])
    scores = score(forget, retain, rule)
    if rule == "coreset":
        assert np.argmax(scores) == 4  # (5, 25), the nearest to the mean (4.5, 25.5)
    else:
        assert (np.diff(scores) > 0).all()


def test_the_unsquared_ratio_saturates_in_one_dimension():
    rng = np.random.default_rng(0)
    forget, retain = rng.standard_normal(200) + 1, rng.standard_normal(200)
    values = score(forget, retain, "lr-maha", squared=False)
    beyond = values[forget > forget.mean()]
    assert beyond == pytest.approx(np.full(beyond.size, values.max()))
    assert 0.3 < beyond.size / 200 < 0.7
    assert np.unique(score(forget, retain, "lr-maha")).size == 200


ABOUT_THE_MEAN = [
    ("l2-mu2", {"scaled": True}),
    *(
        (rule, options)
        for rule in ("cos-mu2", "lr-cos")
        for options in ({"centred": True}, {"scaled": True}, {"centred": True, "scaled": True})
    ),
]


def standardised(forget, retain, centred=False, scaled=False):
    """Copies about the mean of all rows, in standard deviations over all rows."""
    everything = np.vstack([forget, retain])
    deviation = everything.std(axis=0)
    unit = np.where(deviation > 0, deviation, 1) if scaled else 1
    origin = everything.mean(axis=0) if centred else 0
    return (forget - origin) / unit, (retain - origin) / unit


@pytest.mark.parametrize(("rule", "options"), ABOUT_THE_MEAN)
def test_centred_and_scaled_rules_are_the_plain_ones_of_standardised_rows(rule, options):
    rng = np.random.default_rng(2)
    forget, retain = correlated_sets(5)
    forget, retain = (np.where(rng.random(x.shape) < 0.4, x, 0) for x in (forget, retain))
    unit = [1e-3, 1.0, 20.0, 1.0, 1.0]
    forget, retain = forget * unit + [0, 0, 0, 0, 4], retain * unit + [0, 0, 0, 0, 4]
    forget[:, 3] = retain[:, 3] = 0.5  # constant, and left alone
    copies = standardised(forget, retain, **options)
    expected = score(*copies, rule)
    assert expected != pytest.approx(score(forget, retain, rule), rel=0.01)
    assert score(forget, retain, rule, **options) == pytest.approx(expected, rel=1e-9, abs=1e-9)
    for kind in KINDS:
        found = score(kind(forget), kind(retain), rule, **options)
        assert found == pytest.approx(expected, rel=1e-7, abs=1e-7)
    mixed = score(kind(forget), retain.astype(np.float32), rule, **options)
    assert mixed == pytest.approx(expected, rel=1e-4, abs=1e-4)


@pytest.mark.parametrize(("rule", "options"), ABOUT_THE_MEAN)
def test_standardising_takes_neither_memory_nor_the_sparseness(
    rule, options, tmp_path, monkeypatch
):
    rows = np.vstack(correlated_sets()).astype(np.float32)
    np.save(tmp_path / "rows.npy", rows)
    mapped = np.load(tmp_path / "rows.npy", mmap_mode="r")
    expected = score(rows[:40], rows[40:], rule, **options)
    small = partial(row_blocks, entries=21)
    monkeypatch.setattr(matrices, "row_blocks", small)
    assert score(mapped[:40], mapped[40:], rule, **options) == pytest.approx(expected, rel=1e-6)
    for kind in (sparse.csr_array, sparse.csr_matrix):
        monkeypatch.setattr(kind, "toarray", None)
    thin = as_sparse(rows[:40], rows[40:])
    assert score(*thin, rule, **options) == pytest.approx(expected, rel=1e-4, abs=1e-6)
    wide = [sparse.hstack([part, sparse.csr_array((part.shape[0], 10**6))]) for part in thin]
    assert score(*wide, rule, **options) == pytest.approx(expected, rel=1e-4, abs=1e-6)


@given(st.sampled_from(ABOUT_THE_MEAN), st.integers(0, 10**6))
def test_centred_rules_do_not_depend_on_the_origin_nor_scaled_ones_on_the_units(case, seed):
    rule, options = case
    forget, retain = correlated_sets(3, seed)
    rng = np.random.default_rng(seed)
    shift = 100 * rng.standard_normal(3) if options.get("centred") or rule == "l2-mu2" else 0
    units = np.exp(rng.uniform(-5, 5, 3)) if options.get("scaled") else 1
    moved = score((forget + shift) * units, (retain + shift) * units, rule, **options)
    assert moved == pytest.approx(score(forget, retain, rule, **options), rel=1e-7, abs=1e-7)


def test_a_row_at_the_mean_of_all_has_no_direction():
    rng = np.random.default_rng(0)
    for centre in rng.random((20, 6)):  # |x|^2 - 2 x.m + |m|^2 may round to less than 0
        forget, retain = np.vstack([centre, centre + 1]), np.vstack([centre, centre - 1])
        for sets in ((forget, retain), as_sparse(forget, retain)):
            scores = score(*sets, "cos-mu2", centred=True)
            assert scores == pytest.approx([1, 2], abs=1e-6)


def test_entries_stored_in_two_parts_count_once():
    doubled = sparse.csr_array(([0.5, 0.5, 3.0, 2.0], [0, 0, 0, 1], [0, 2, 3, 4]), shape=(3, 2))
    retain = np.array([[0.0, 1.0], [2.0, 0.5]])
    dense = doubled.toarray()
    for rule, options in ABOUT_THE_MEAN:
        expected = score(dense, retain, rule, **options)
        assert score(doubled, retain, rule, **options) == pytest.approx(expected, abs=1e-7)
    # The caller's numbers are left alone; a sum of columns may put the two parts together.
    assert (doubled.toarray() == dense).all()


def test_a_mean_that_is_zero_up_to_rounding_has_no_direction():
    rng = np.random.default_rng(0)
    retain = rng.standard_normal((50, 3)) * 1e3
    retain -= retain.mean(axis=0)
    with pytest.warns(UserWarning, match="'cos-mu2' gives all 10 rows the same score"):
        assert (score(rng.standard_normal((10, 3)), retain, "cos-mu2") == 1).all()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("rule", RULES)
def test_sparse_rows_score_like_dense_ones(rule, kind):
    rng = np.random.default_rng(3)
    forget = np.where(rng.random((50, 8)) < 0.5, rng.random((50, 8)), 0)
    retain = np.where(rng.random((70, 8)) < 0.3, rng.random((70, 8)), 0)
    forget[7] = 0
    dense = score(forget, retain, rule, rng=0)
    digits = 1e-6 if rule in LEARNT else 1e-12
    assert score(kind(forget), kind(retain), rule, rng=0) == pytest.approx(dense, abs=digits)
    assert score(kind(forget), retain, rule, rng=0) == pytest.approx(dense, abs=digits)


def test_sparse_rows_at_the_centre_are_at_distance_zero():
    rng = np.random.default_rng(0)
    for centre in rng.random((20, 6)):  # |x|^2 - 2 x.c + |c|^2 may round to less than 0
        forget, retain = np.vstack([centre, centre + 1]), np.tile(centre, (5, 1))
        scores = score(sparse.csr_array(forget), sparse.csr_array(retain), "l2-mu2")
        assert scores == pytest.approx([0, np.sqrt(6)], abs=1e-7)


@pytest.mark.parametrize("rule", IN_A_BASIS)
def test_rank_works_within_the_leading_directions(rule):
    rng = np.random.default_rng(4)
    scale = np.logspace(1, -3, 30)
    forget = rng.standard_normal((80, 30)) * scale + 1
    retain = rng.standard_normal((90, 30)) * scale
    basis = np.linalg.svd(np.vstack([forget, retain]))[2][:6].T
    expected = score(forget @ basis, retain @ basis, rule)
    assert score(forget, retain, rule, rank=6) == pytest.approx(expected, rel=1e-6)
    assert score(forget, retain, rule, basis=basis) == pytest.approx(expected, rel=1e-9)
    thin = as_sparse(forget, retain)
    assert score(*thin, rule, rank=6) == pytest.approx(expected, rel=1e-6)
    assert score(*thin, rule, basis=basis) == pytest.approx(expected, rel=1e-9)
    assert score(forget, retain, rule, rank=30) == pytest.approx(score(forget, retain, rule))


def test_a_basis_computed_once_serves_all_rules():
    rng = np.random.default_rng(7)
    rows = sparse.csr_array(np.where(rng.random((260, 150)) < 0.1, rng.random((260, 150)), 0))
    forget, retain = rows[:120], rows[120:]
    taking = [name for name, rule in SCORING_RULES.items() if "basis" in options_of(rule)]
    assert taking == IN_A_BASIS
    basis = shared_basis(forget, retain, SCORING_RULES.values())
    assert basis.shape == (150, 100)
    for rule in IN_A_BASIS:
        assert (score(forget, retain, rule, basis=basis) == score(forget, retain, rule)).all()
    few = [SCORING_RULES[name] for name in ("random", "lr-cos")]
    assert shared_basis(forget, retain, few) is None
    assert shared_basis(forget.toarray(), retain.toarray(), SCORING_RULES.values()) is None


def test_sparse_rows_and_many_columns_use_a_hundred_directions():
    rng = np.random.default_rng(6)
    forget, retain = rng.standard_normal((80, 1001)), rng.standard_normal((90, 1001))
    words = sparse.random_array((300, 400), density=0.03, rng=rng).tocsr()
    for sets in ((forget, retain), (words[:120], words[120:])):
        scores = score(*sets, "lr-maha")
        assert scores == pytest.approx(score(*sets, "lr-maha", rank=100))
    dense = words.toarray()
    expected = score(dense[:120], dense[120:], "lr-maha", rank=100)
    assert scores == pytest.approx(expected, rel=1e-6)
    with pytest.raises(ValueError, match=r"170 rows cannot determine it in 1000 dim.*smaller rank"):
        score(forget[:, :1000], retain[:, :1000], "lr-maha")


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("dtype", [np.float32, np.int16])
def test_memory_mapped_rows_score_like_rows_in_memory(rule, dtype, tmp_path, monkeypatch):
    rows = (100 * np.vstack(correlated_sets())).astype(dtype)
    np.save(tmp_path / "rows.npy", rows)
    mapped = np.load(tmp_path / "rows.npy", mmap_mode="r")
    expected = score(rows[:40].astype(float), rows[40:].astype(float), rule, rng=0)
    longest = []

    def small(n, width, entries=21):
        for part in row_blocks(n, width, entries=21):
            longest.append((part.stop - part.start) * width)
            yield part

    monkeypatch.setattr(matrices, "row_blocks", small)
    assert score(mapped[:40], mapped[40:], rule, rng=0) == pytest.approx(expected, rel=1e-9)
    assert rule == "random" or max(longest) <= 21


@pytest.mark.parametrize("rule", BY_VALUE)
def test_constant_scores_are_announced(rule):
    forget = np.ones((6, 2))
    retain = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 2.0], [0.3, -1.0]])
    with pytest.warns(UserWarning, match=f"'{rule}' gives all 6 rows the same score.*their index"):
        score(forget, retain, rule)


def test_neither_one_row_nor_random_scores_are_called_constant():
    assert score([1.0], [0.0, 2.0], "l2-mu2").shape == (1,)
    assert score([1.0, 1.0], [0.0], "random", rng=0).shape == (2,)


@pytest.mark.parametrize(
    ("forget", "retain", "rule", "options", "error", "message"),
    [
        ([1.0], [2.0], "best", {}, ValueError, "unknown rule 'best'; the known ones are random, l"),
        ([1.0], [2.0], "random", {}, TypeError, "rng must be a numpy.random.Generator or an int"),
        (
            [1.0],
            [2.0],
            "l2-mu2",
            {"rank": 3},
            TypeError,
            "no option 'rank'; its options are: scaled",
        ),
        ([1.0], [2.0], "coreset", {"scaled": True}, TypeError, "no opt.* its options are: none"),
        ([1.0], [2.0], "l2-mu2", {"centred": True}, TypeError, "no option 'centred'"),
        ([1e200], [-1e200], "l2-mu2", {"scaled": True}, ValueError, "rescale the columns"),
        ([1.0], [2.0], "lr-maha", {"k": 3}, TypeError, "no option 'k'.*: basis, rank, squared"),
        (["a"], ["b"], "l2-mu2", {}, TypeError, "forget must hold real numbers.*TfidfVectorizer"),
        ([1.0], [np.inf], "l2-mu2", {}, ValueError, "retain must be finite, got 1 NaN or inf"),
        ([1.0], [2.0], "maha-mu2", {}, ValueError, "1 rows cannot determine it in 1 dimensions"),
        ([1e308] * 2, [-1e308] * 2, "l2-mu2", {}, ValueError, "NaN or inf.*rescale the columns"),
    ],
)
def test_bad_input_is_refused(forget, retain, rule, options, error, message):
    with pytest.raises(error, match=message):
        score(forget, retain, rule, **options)
