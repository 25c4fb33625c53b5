"""What is fitted to the bot's lessons: a linear score per intent, and how it is weighed against the rules."""

from collections import Counter

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_matrix, hstack
from sklearn.svm import LinearSVC

STEPS = 100  # the largest weight of a feature after rounding
SMALLEST = 2  # rounded weights below are dropped
RARITY = 16  # steps of a feature's rarity
BOUND_BIAS, BOUND_WAYS = 0.02, 0.001  # how strongly the numbers of the weighing are kept small


class Table:
    """One linear score per intent over blocks of features, each block of length one."""

    def __init__(self, blocks_of_rows, wanted, regular, weights):
        self.blocks = []
        for sets in zip(*blocks_of_rows, strict=True):
            seen = Counter(feature for features in sets for feature in features)
            names = {feature: place for place, feature in enumerate(sorted(seen))}
            rarity = np.array(
                [max(1, round(RARITY * (np.log((1 + len(sets)) / (1 + seen[name])) + 1))) for name in names]
            )
            self.blocks.append((names, rarity))
        inputs = self.inputs(blocks_of_rows)
        self.weights, self.offsets = _fit(inputs, wanted, regular, weights)

    def inputs(self, blocks_of_rows):
        parts = []
        for (names, rarity), sets in zip(self.blocks, zip(*blocks_of_rows, strict=True), strict=True):
            starts, places, values = [0], [], []
            for features in sets:
                known = sorted(names[feature] for feature in features if feature in names)
                own = rarity[known].astype(float)
                places += known
                values += list(own / (np.sqrt((own**2).sum()) or 1.0))
                starts.append(len(places))
            parts.append(csr_matrix((values, places, starts), shape=(len(sets), len(names))))
        return hstack(parts).tocsr()

    def scores(self, blocks_of_rows):
        return self.inputs(blocks_of_rows) @ self.weights.T + self.offsets

    def strangeness(self, words):
        single = [word for word in words if not {" ", "@"}.intersection(word)]
        return sum(word not in self.blocks[0][0] for word in single) / len(single) if single else 1.0

    def stored(self):
        """Features with rounded weights: rarity, then pairs of intent and weight; all times `step` and by length."""
        top = max(abs(self.weights[:, :]).max(), 1e-9)
        step = top / STEPS
        features, at = {}, 0
        for names, rarity in self.blocks:
            part = np.round(self.weights[:, at : at + len(names)] / step).astype(int)
            at += len(names)
            for name, place in names.items():
                pairs = [
                    x
                    for intent in range(part.shape[0])
                    for x in (intent, int(part[intent, place]))
                    if abs(part[intent, place]) >= SMALLEST
                ]
                if pairs:
                    features[name] = [int(rarity[place]), *pairs]
        return {"step": step, "offsets": [round(float(x), 4) for x in self.offsets], "features": features}


def _fit(inputs, wanted, regular, weights):
    """One squared-hinge classifier per intent; every accepted label counts as a yes."""
    rows = []
    offsets = []
    for column in wanted.T:
        if not column.any():
            rows.append(np.zeros(inputs.shape[1]))
            offsets.append(-1.5)
            continue
        fitted = LinearSVC(C=regular, random_state=0).fit(inputs, column, sample_weight=weights)
        rows.append(fitted.coef_[0])
        offsets.append(fitted.intercept_[0])
    return np.array(rows), np.array(offsets)


class Weighing:
    """The few numbers by which the views are weighed against each other (see bots/agreement.py)."""

    def __init__(self, learned, says, stray, wanted, weights, intents):
        self.nothing = intents.index("out_of_scope")
        count = len(intents)
        weights = weights / weights.sum()

        def loss(numbers):
            shares = _softmax(self._totals(numbers, learned, says, stray))
            right = (shares * wanted).sum(1) + 1e-9
            value = (
                -(weights * np.log(right)).sum() + 0.02 * (numbers[7:] ** 2).mean() + 0.001 * (numbers[:7] ** 2).sum()
            )
            slope = (shares - shares * wanted / right[:, None]) * weights[:, None]
            own = np.concatenate(
                [
                    [(slope * learned).sum()],
                    (slope[:, :, None] * says).sum((0, 1)),
                    slope[:, self.nothing] @ stray,
                    slope.sum(0),
                ]
            )
            own[7:] += 2 * BOUND_BIAS * numbers[7:] / count
            own[:7] += 2 * BOUND_WAYS * numbers[:7]
            return value, own

        start = np.concatenate([[2.0], np.zeros(6), np.zeros(count)])
        self.numbers = minimize(loss, start, jac=True, method="L-BFGS-B").x

    def _totals(self, numbers, learned, says, stray):
        totals = numbers[0] * learned + says @ numbers[1:5] + numbers[7:]
        totals[:, self.nothing] += stray @ numbers[5:7]
        return totals

    def shares(self, learned, says, stray):
        return _softmax(self._totals(self.numbers, learned, says, stray))

    def stored(self):
        names = ("learned", "score", "strong", "lead", "first", "silent", "strange")
        plain = {name: round(float(value), 3) for name, value in zip(names, self.numbers, strict=False)}
        return plain | {"bias": [round(float(value), 3) for value in self.numbers[7:]]}


def _softmax(totals):
    parts = np.exp(totals - totals.max(1, keepdims=True))
    return parts / parts.sum(1, keepdims=True)
