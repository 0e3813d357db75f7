"""The training text: the LLaMA-Factory demo data (Apache-2.0) and the chats of synthetic.py, split by hash.

`--data` names a folder that holds alpaca_en_demo.json, dpo_en_demo.json, c4_demo.jsonl and wiki_demo.txt.
An instruction is held out, from pretraining and from the scorers alike, when its SHA-256 says so; so are
passages of plain text. The split depends on the text only, never on the order of the files.
"""

import hashlib
import json
import re
from pathlib import Path

HELD_OUT_INSTRUCTIONS = 20
"""Percent of instructions that neither the base model nor a scorer is trained on."""
HELD_OUT_PASSAGES = 2
"""Percent of plain-text passages kept for the held-out loss."""
PASSAGE_CHARACTERS = 2500


def percentile_of(text):
    """A number from 0 to 99 that depends on the text only."""
    return int.from_bytes(hashlib.sha256(text.strip().encode()).digest()[:4], "big") % 100


def instruction_held_out(instruction):
    return percentile_of(instruction) < HELD_OUT_INSTRUCTIONS


def read_alpaca(data):
    """Rows {instruction, output}; an input is joined to its instruction by a newline."""
    rows = json.loads((Path(data) / "alpaca_en_demo.json").read_text(encoding="utf-8"))
    joined = ("\n".join(filter(None, (row["instruction"], row.get("input", "")))) for row in rows)
    return [{"instruction": text, "output": row["output"]} for text, row in zip(joined, rows)]


def read_pairs(data):
    """Rows {messages, instruction, chosen, rejected}; the instruction is the last human turn."""
    roles = {"human": "user", "gpt": "assistant", "system": "system"}
    rows = json.loads((Path(data) / "dpo_en_demo.json").read_text(encoding="utf-8"))
    pairs = []
    for row in rows:
        messages = [{"role": roles[turn["from"]], "content": turn["value"]} for turn in row["conversations"]]
        asked = [message["content"] for message in messages if message["role"] == "user"]
        pairs.append(
            {
                "messages": messages,
                "instruction": asked[-1],
                "chosen": row["chosen"]["value"],
                "rejected": row["rejected"]["value"],
            }
        )
    return pairs


def split_passages(text):
    """Cuts a long text into passages of about PASSAGE_CHARACTERS, at the ends of paragraphs or sentences."""
    # The Wikipedia dump lost its line breaks: a full stop followed at once by a capital was one.
    text = re.sub(r"(?<=[a-z0-9)][.?!])(?=[A-Z][a-z])", "\n", text)
    passages, current = [], ""
    for sentence in re.findall(r".+?(?:\n|(?<=[.?!]) |$)", text):
        current += sentence
        if len(current) >= PASSAGE_CHARACTERS:
            passages.append(current.strip())
            current = ""
    return passages + [current.strip()] if current.strip() else passages


def read_passages(data):
    """Plain English passages of the two raw texts."""
    lines = (Path(data) / "c4_demo.jsonl").read_text(encoding="utf-8").splitlines()
    articles = [json.loads(line)["text"] for line in lines if line.strip()]
    articles += (Path(data) / "wiki_demo.txt").read_text(encoding="utf-8").splitlines()
    return [passage for article in articles for passage in split_passages(article)]


def chat(instruction, output):
    return [{"role": "user", "content": instruction}, {"role": "assistant", "content": output}]


def read_chats(data):
    """Pairs (held out?, messages): every alpaca row, and every preference row with its chosen answer."""
    chats = [(row["instruction"], chat(row["instruction"], row["output"])) for row in read_alpaca(data)]
    for pair in read_pairs(data):
        answer = {"role": "assistant", "content": pair["chosen"]}
        chats.append((pair["instruction"], pair["messages"] + [answer]))
    return [(instruction_held_out(instruction), messages) for instruction, messages in chats]
