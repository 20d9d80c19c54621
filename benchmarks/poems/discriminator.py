"""How well a classifier tells two groups apart: 0.5 is indistinguishable, 1 is always.

Logistic regression on hashed character 1- to 4-grams, by five-fold cross-validation. Pieces of one
poem are in one fold, so that it is not recognised by its subject. Both groups count alike.
"""

from collections.abc import Sequence

import numpy as np

from benchmarks.poems.intervals import Estimate, mean
from benchmarks.poems.pieces import Piece

FOLDS = 5
FEATURES = 2**18
STRENGTH = 1.0
"""Inverse of the L2 penalty: scikit-learn's own."""


def accuracy(own: Sequence[Piece], people: Sequence[Piece], seed: int) -> Estimate | None:
    """Share of the pieces whose group was named while their fold was not learned.

    Returns:
        None where a group has fewer poems than there are folds.

    Raises:
        ModuleNotFoundError: scikit-learn is not installed.
    """
    from sklearn.feature_extraction.text import HashingVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict

    size = min(len(own), len(people))
    poems = [[piece.poem for piece in some[:size]] for some in (own, people)]
    if min(len(set(some)) for some in poems) < FOLDS:
        return None
    vectorizer = HashingVectorizer(
        analyzer="char", ngram_range=(1, 4), n_features=FEATURES, lowercase=False
    )
    features = vectorizer.transform(
        " ".join(piece.text.split()) for some in (own, people) for piece in some[:size]
    )
    labels = np.repeat([0, 1], size)
    # A poem has one number among both groups, also where both count from 0.
    groups = np.array([2 * poem + side for side, some in enumerate(poems) for poem in some])
    named = cross_val_predict(
        LogisticRegression(C=STRENGTH, max_iter=1000),
        features,
        labels,
        groups=groups,
        cv=StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed),
    )
    return mean((named == labels).astype(float).tolist(), groups.tolist(), seed)
