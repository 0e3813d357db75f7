"""Loads the published folder as a user would and prints what the model card states.

Held-out loss of the base, and for each scorer, on rows that neither the base nor the adapter was trained
on: the deviation of its scores, Spearman's correlation with the rubric, the mean error. Ends with an
error below the floor.
"""

import argparse
import sys

import numpy as np
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

import pretrain
import prompts
import rows
import rubric

FLOOR = 0.5
QUESTIONS = (
    "What is the capital of France?",
    "Name three fruits.",
    "Give me some tips for sleep.",
    "Write a short story.",
    "Describe a process of making crepes.",
    "What are the benefits of exercise?",
)


def ranks(values):
    """Ranks from 0, ties sharing their mean rank."""
    values = np.asarray(values)
    order = np.argsort(values, kind="stable")
    result = np.empty(len(values))
    result[order] = np.arange(len(values))
    for value in np.unique(values):
        result[values == value] = result[values == value].mean()
    return result


def spearman(left, right):
    return float(np.corrcoef(ranks(left), ranks(right))[0, 1])


def load(folder):
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()


def answer(model, tokenizer, question, tokens=60):
    """The greedy answer to one question, and whether the model ended it itself."""
    messages = [{"role": "user", "content": question}]
    text = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    ids = tokenizer(text, return_tensors="pt")["input_ids"]
    mask = torch.ones_like(ids)
    out = model.generate(ids, attention_mask=mask, max_new_tokens=tokens, do_sample=False)[0, ids.shape[1] :]
    return tokenizer.decode(out, skip_special_tokens=True), int(out[-1]) == tokenizer.eos_token_id


def judge(folder, name, tokenizer, data):
    """Prints the figures of one scorer; returns whether it clears the floor."""
    adapted = PeftModel.from_pretrained(load(folder), f"{folder}/{name}").eval()
    held_out = rows.ROWS[name](data)[1]
    predicted = prompts.score(
        adapted.get_base_model(), tokenizer, [prompts.PROMPTS[name](row) for row in held_out]
    )
    wanted = np.array([rubric.RUBRICS[name](row) for row in held_out])
    made = np.array(["synthetic" in row or "spoilt" in row for row in held_out])
    passes = True
    for label, chosen in (("all", made | True), ("real rows", ~made), ("made rows", made)):
        deviation, correlation = predicted[chosen].std(), spearman(predicted[chosen], wanted[chosen])
        error = np.abs(predicted[chosen] - wanted[chosen]).mean()
        print(
            f"{name}, {label}: {chosen.sum()} rows, Spearman {correlation:.3f}, deviation {deviation:.2f} "
            f"(rubric {wanted[chosen].std():.2f}), mean error {error:.2f}, "
            f"range {predicted[chosen].min():.2f} to {predicted[chosen].max():.2f}"
        )
        passes &= label == "made rows" or bool(deviation >= FLOOR and correlation >= FLOOR)
    return passes


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="folder with the LLaMA-Factory demo data")
    parser.add_argument("--model", default="demo/public/model")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)

    tokenizer = AutoTokenizer.from_pretrained(options.model)
    model = load(options.model)
    for name, (_, held_out) in pretrain.documents(options.data, tokenizer, short_chats=0).items():
        loss = pretrain.mean_loss(model, held_out)
        print(f"{name}: held-out loss {loss:.3f} nats per token, {len(held_out)} documents")
    for question in QUESTIONS:
        text, ended = answer(model, tokenizer, question)
        print(f"> {question}\n{text}{' [end]' if ended else ' …'}")
    passed = [judge(options.model, name, tokenizer, options.data) for name in rows.ROWS]
    if not all(passed):
        sys.exit(f"a scorer is below the floor of {FLOOR} in deviation or correlation")


if __name__ == "__main__":
    main()
