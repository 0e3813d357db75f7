"""Writes the reference values that the tests of the TypeScript side compare with, from the published folder.

tiny-tokenizer.json: strings with their token ids. tiny-scorer.json: logits of the base model after one
prompt, and rows with the token count and the score of their prompts. Computed in float32 from the stored
weights.
"""

import argparse
import json
import random
from pathlib import Path

import torch
from peft import PeftModel
from transformers import AutoTokenizer

import prompts
from evaluate import load

STRINGS = [
    "",
    " ",
    "  ",
    "\n",
    "\n\n",
    "\t",
    "a",
    " a",
    "  a",
    "a ",
    "a  ",
    "Hello, world!",
    " Hello",
    "Don't stop.",
    "It’s “fine”, isn't it?",
    "1234567890",
    "3.14 and 2,718",
    "x1y2",
    "line one\nline two",
    "end \n\n start",
    "tab\there",
    "    indented code",
    "def f(x):\n    return x + 1",
    "naïve café",
    "straße",
    "日本語のテキスト",
    "привет мир",
    "مرحبا",
    "हिन्दी",
    "😀",
    "👩‍👩‍👧‍👦 family",
    "e\u0301 combining",
    "\u00a0non-breaking",
    "zero\u200bwidth",
    "▁ is the space mark",
    "<0x0A> <unk",
    "</s>",
    "<s>text</s>",
    "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n",
    " <|im_end|> ",
    "\r\n",
    "…—–",
    "a\u0000b",
    "##Query: Name three fruits.  \n##Complexity: ",
    "#Response#:\nApples. \n##Quality: ",
    "supercalifragilistic",
]
ALPHABETS = (
    "abcdefghij klmnop qrstuvwxyz  ",
    "The quick brown fox, jumps over! 12 3\n\n",
    "éüßñçøåÆœ ’“”–… ab ",
    "😀👍🏽🇫🇷❤️🎉 a\n",
    "日本語中文한국어 x",
    "абвгд עברית العربية हिन्दी ไทย ",
    "{}[]()<>|/\\_-+=*&^%$#@!~`'\" \t\n",
    "0123456789.,:%€$ -",
    "\u2028\u00a0\u3000\u200d\ufeff\u0301 a1",
)
LONG = "Write a report about the history of the city. "
ROWS = [
    {"instruction": "Name three fruits.", "output": "Apples, oranges and pears."},
    {
        "instruction": "What is the capital of France?",
        "output": "France France France France France France France",
    },
    {
        "instruction": (
            "Explain why the sky is blue, compare it with the color of a sunset, and justify each step. Use at most "
            "200 words, do not use formulas, and include one example that a child would understand."
        ),
        "output": (
            "The sky is blue because air scatters short waves of light more than long ones. At sunset the light "
            "travels a longer way through the air, so that most of the blue is lost and red remains.\n\n"
            "1. Sunlight contains every color.\n2. Air scatters blue light in all directions.\n3. We see that light "
            "from every part of the sky.\n\nImagine throwing small and large balls into a forest: the small ones "
            "bounce off the trees, and the large ones go straight through."
        ),
    },
    {
        "instruction": "¿Qué es la música? 🎵\n\n- corto\n- claro",
        "output": "La música es el arte de los sonidos",
    },
    {"instruction": LONG * 100, "output": "The city was founded long ago.\n" * 90},
]
CHAT = [{"role": "user", "content": "What is the capital of France?"}]


def random_strings(count):
    draw = random.Random(0)
    made = []
    for _ in range(count):
        alphabet = draw.choice(ALPHABETS) + draw.choice(ALPHABETS)
        made.append("".join(draw.choice(alphabet) for _ in range(draw.randint(1, 80))))
    return made


def encoded(tokenizer, strings):
    return [{"text": text, "ids": tokenizer(text)["input_ids"]} for text in strings]


@torch.no_grad()
def logits_after(model, tokenizer):
    """The chat prompt's ids, its ten largest last logits, and the greedy continuation."""
    text = tokenizer.apply_chat_template(CHAT, tokenize=False, add_generation_prompt=True)
    ids = tokenizer(text)["input_ids"]
    logits = model(torch.tensor([ids])).logits[0]
    top = logits[-1].topk(10)
    batch = torch.tensor([ids])
    out = model.generate(batch, attention_mask=torch.ones_like(batch), max_new_tokens=16, do_sample=False)
    return {
        "messages": CHAT,
        "text": text,
        "ids": ids,
        "topLogits": [{"id": int(i), "logit": round(float(v), 5)} for i, v in zip(top.indices, top.values)],
        "lastLogitsSum": round(float(logits[-1].double().sum()), 3),
        "logSumExp": [round(float(value), 5) for value in logits.double().logsumexp(-1)],
        "greedy": out[0, len(ids) :].tolist(),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="demo/public/model")
    parser.add_argument("--out", default="test/fixtures")
    parser.add_argument(
        "--random-strings", type=int, default=0, help="also write this many to random-strings.json"
    )
    options = parser.parse_args()
    torch.set_num_threads(1)

    tokenizer = AutoTokenizer.from_pretrained(options.model)
    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)

    def write(name, content):
        (out / name).write_text(json.dumps(content, ensure_ascii=True, indent=1) + "\n", encoding="utf-8")

    write("tiny-tokenizer.json", encoded(tokenizer, STRINGS))
    if options.random_strings:
        return write("random-strings.json", encoded(tokenizer, random_strings(options.random_strings)))

    cases = [dict(row) for row in ROWS]
    for name, prompt_of in prompts.PROMPTS.items():
        adapted = PeftModel.from_pretrained(load(options.model), f"{options.model}/{name}").eval()
        written = [prompt_of(row) for row in ROWS]
        scores = prompts.score(adapted.get_base_model(), tokenizer, written)
        for case, prompt, score in zip(cases, written, scores):
            case[name] = {
                "tokens": len(tokenizer(prompt)["input_ids"]),
                "keptTokens": len(prompts.encode(tokenizer, prompt)),
                "score": round(float(score), 5),
            }
    write(
        "tiny-scorer.json",
        {
            "maximumTokens": prompts.MAXIMUM_TOKENS,
            "endTokens": prompts.END_TOKENS,
            "digitIds": prompts.digit_ids(tokenizer),
            "base": logits_after(load(options.model), tokenizer),
            "rows": cases,
        },
    )


if __name__ == "__main__":
    main()
