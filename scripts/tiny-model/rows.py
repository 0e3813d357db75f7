"""The rows the scorers learn from and are tested on: instructions and answers of the corpus, and spoilt
answers.
"""

import hashlib
import random

import corpus
import rubric
import synthetic

SYNTHETIC_INSTRUCTIONS = 500


def draw_for(*texts):
    """A random source that depends on the texts only, so that no row changes when another is added."""
    return random.Random(hashlib.sha256("\0".join(texts).encode()).digest())


def cut_off(draw, output, _other):
    return output[: int(len(output) * draw.uniform(0.1, 0.9))].rstrip(" .!?\n")


def shuffled(draw, output, _other):
    words = output.split()
    draw.shuffle(words)
    return " ".join(words)


def foreign(_draw, _output, other):
    return other


def repeated(draw, output, _other):
    return " ".join([draw.choice(rubric.sentences_of(output) or [output])] * draw.randint(3, 10))


def one_word(draw, output, _other):
    return draw.choice(["Yes.", "No", "Ok", "I don't know", *output.split()[:20]])


def first_sentence(_draw, output, _other):
    return (rubric.sentences_of(output) or [output])[0]


SPOILERS = (cut_off, shuffled, foreign, repeated, one_word, first_sentence)


def answered(data):
    """Rows {instruction, output} of the corpus: alpaca answers, then of each pair the chosen or the rejected one."""
    rows = corpus.read_alpaca(data)
    for pair in corpus.read_pairs(data):
        side = draw_for(pair["chosen"]).choice(("chosen", "rejected"))
        rows.append({"instruction": pair["instruction"], "output": pair[side]})
    return rows


def with_spoilt(rows):
    """The rows, and after each a spoilt version; foreign answers come from rows on the same side of the split."""
    result = []
    for row in rows:
        draw = draw_for(row["instruction"], row["output"])
        other = draw.choice(rows)["output"]
        spoil = draw.choice(SPOILERS)
        result += [
            row,
            {"instruction": row["instruction"], "output": spoil(draw, row["output"], other), "spoilt": True},
        ]
    return result


def quality_rows(data):
    """(rows to train on, rows held out) for quality."""
    rows = answered(data)
    sides = ([], [])
    for row in rows:
        sides[corpus.instruction_held_out(row["instruction"])].append(row)
    return tuple(with_spoilt(side) for side in sides)


def complexity_rows(data):
    """(rows to train on, rows held out) for complexity: each instruction once."""
    written = [row["instruction"] for row in corpus.read_alpaca(data)]
    written += [pair["instruction"] for pair in corpus.read_pairs(data)]
    made = set(synthetic.demanding_instructions(SYNTHETIC_INSTRUCTIONS))
    sides = ([], [])
    for instruction in dict.fromkeys(written + sorted(made)):
        row = {"instruction": instruction} | ({"synthetic": True} if instruction in made else {})
        sides[corpus.instruction_held_out(instruction)].append(row)
    return sides


ROWS = {"complexity": complexity_rows, "quality": quality_rows}
