"""The rubric that the demonstration scorers learn: plain features of the text, weighed, then mapped to 1…6.

It knows nothing of truth or taste. Complexity counts what a request demands; quality counts what a
helpful answer usually shows (enough text, the question's words, structure, detail) and what a broken one
shows (a cut-off end, repetition, disordered words). Every feature is a function of the text alone.
"""

import math
import re

WORD = re.compile(r"[A-Za-z][A-Za-z'’-]*")
LONG_WORD = 9
"""Letters from which a word counts as rare: English words this long are mostly technical or abstract."""
STOP_WORDS = frozenset(
    "a an and are as at be by can do does for from has have how i in is it its me my of on or that the this to was "
    "were what when where which who why will with you your given following some please would should could".split()
)
REASONING = re.compile(
    r"\b(analy[sz]e|argue|assess|calculate|classify|compare|contrast|critique|criticize|debate|deduce|derive|design|"
    r"determine|develop|discuss|estimate|evaluate|examine|explain|hypothesi[sz]e|infer|interpret|investigate|justify|"
    r"optimi[sz]e|plan|predict|propose|prove|rank|reason|recommend|solve|step by step|summari[sz]e|synthesi[sz]e|why)\b",
    re.IGNORECASE,
)
CONSTRAINT = re.compile(
    r"\b(all|always|at least|at most|avoid|based on|between|both|cannot|do not|don't|each|ensure|every|exactly|"
    r"except|fewer|following|format|include|including|it should|less than|limit|make sure|more than|must|never|no more|"
    r"not|only|should|such as|unless|use|using|with|within|without|\d+|two|three|four|five|six|seven|eight|nine|ten)\b",
    re.IGNORECASE,
)
CLAUSE = re.compile(
    r"[,;:]|\b(although|and|because|but|how|if|or|since|so that|that|then|though|when|where|whether|which|while|who)\b",
    re.IGNORECASE,
)
# Pairs that English hardly ever has: they show words out of order.
DISORDER = re.compile(
    r"\b(?:(?:a|an|the) (?:a|an|the|of|to|and|or|in|is|are|with|for|that|can|was|be)|"
    r"(?:of|to|with|for|in) (?:of|and|or|is|are|can|was)|(?:and|or) (?:of|is|and|or|are)|(?:is|are) (?:is|are|can|was))\b",
    re.IGNORECASE,
)
LIST_LINE = re.compile(r"^\s*(?:[-*•]|\d+[.)]|[A-Za-z][.)])\s+", re.MULTILINE)
ENDING = re.compile(r"[.!?)\]}\"'’”`|>:;\d]\s*$")

COMPLEXITY_KNOTS = (1.2, 2.25, 3.2, 4.65, 7.85, 13.3)
QUALITY_KNOTS = (-1.4, 0.3, 1.45, 2.9, 4.5, 5.4)
"""Points at which the score is 1, 2, … 6, linear between: the 2, 20, 40, 60, 80 and 98 % quantiles of the rows
that the scorers are trained on, rounded (scorers.py --knots prints them)."""


def words_of(text):
    return [word.lower() for word in WORD.findall(text)]


def stems(text):
    """Content words cut to five letters, which joins most inflections."""
    return {word[:5] for word in words_of(text) if word not in STOP_WORDS and len(word) > 2}


def sentences_of(text):
    return [part.strip() for part in re.split(r"(?<=[.?!])\s+|\n+", text) if part.strip()]


def complexity_points(instruction):
    words = words_of(instruction)
    long_words = sum(len(word) >= LONG_WORD for word in words)
    return (
        1.2 * math.log2(1 + len(words) / 6)
        + 0.6 * min(len(REASONING.findall(instruction)), 4)
        + 0.3 * min(len(CONSTRAINT.findall(instruction)), 8)
        + 0.2 * min(len(CLAUSE.findall(instruction)), 10)
        + 0.3 * min(len(sentences_of(instruction)) - 1, 5)
        + 0.3 * min(long_words, 6)
    )


def repetition(words):
    """Share of word triples that occurred before: 0 for varied text, towards 1 for the same words over and over."""
    triples = list(zip(words, words[1:], words[2:]))
    return 1 - len(set(triples)) / len(triples) if triples else 0.0


def quality_points(instruction, output):
    words, asked = words_of(output), stems(instruction)
    if not words and not output.strip():
        return -2.0
    count = max(1, len(words))
    relevance = len(asked & stems(output)) / len(asked) if asked else 0.0
    sentences = sentences_of(output)
    structure = 0.5 * min(len(sentences), 8) / 8 + 0.5 * min(len(LIST_LINE.findall(output)), 4) / 4
    details = sum(len(word) >= LONG_WORD for word in words) + len(re.findall(r"\d+", output))
    return (
        2.5 * (1 - math.exp(-len(words) / 60))
        + 1.0 * min(relevance * 1.5, 1.0)
        + 1.0 * structure
        + 1.0 * min(details / 20, 1.0)
        - 1.5 * (not ENDING.search(output))
        - 3.0 * repetition(words)
        - 1.5 * min(20 * len(DISORDER.findall(output)) / count, 1.0)
    )


def on_scale(points, knots):
    """Piecewise linear map of points to 1…6 through the knots, flat outside them."""
    for index in range(5):
        if points < knots[index + 1]:
            low, high = knots[index], knots[index + 1]
            return 1 + index + max(0.0, (points - low) / (high - low))
    return 6.0


def complexity(row):
    return on_scale(complexity_points(row["instruction"]), COMPLEXITY_KNOTS)


def quality(row):
    return on_scale(quality_points(row["instruction"], row["output"]), QUALITY_KNOTS)


RUBRICS = {"complexity": complexity, "quality": quality}
