"""Trains the two demonstration scorers: LoRA adapters that answer Deita's prompts with a digit from 1 to 6.

The base stays frozen. The loss is the cross-entropy of the six digits with the rubric's score, shared
between its two neighbouring digits, plus the squared error of their expectation, which is the score that
is used.
"""

import argparse
import json
import math
import random
import time
from pathlib import Path

import numpy as np
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoTokenizer

import prompts
import rows
import rubric

LAYERS = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
RANK = 8
QUANTILES = (0.02, 0.2, 0.4, 0.6, 0.8, 0.98)
WARMUP = 0.05


def two_hot(scores):
    """Scores [B] in 1…6 → weights [B, 6] of the digits on either side, whose expectation is the score."""
    return (1 - (scores[:, None] - torch.arange(1.0, 7.0)).abs()).clamp(min=0)


def loss_of(logits, scores):
    cross_entropy = -(two_hot(scores) * logits.log_softmax(-1)).sum(-1).mean()
    return cross_entropy + (prompts.expectation(logits) - scores).square().mean()


def train(model, encoded, scores, options, digits):
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=options.rate, betas=(0.9, 0.98), weight_decay=options.decay)
    draw = random.Random(options.seed)
    groups = list(prompts.batches(encoded, options.batch_tokens))
    steps, step, start = len(groups) * options.epochs, 0, time.time()
    running = []
    for epoch in range(options.epochs):
        draw.shuffle(groups)
        for group in groups:
            progress = step / steps
            factor = progress / WARMUP if progress < WARMUP else 0.5 * (1 + math.cos(math.pi * progress))
            for parameters_ in optimizer.param_groups:
                parameters_["lr"] = options.rate * factor
            loss = loss_of(
                prompts.digit_logits(model, [encoded[index] for index in group], digits), scores[group]
            )
            loss.backward()
            torch.nn.utils.clip_grad_norm_(parameters, 1.0)
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            running.append(loss.item())
            step += 1
        print(
            f"epoch {epoch + 1}: loss {np.mean(running[-len(groups) :]):.3f}, {time.time() - start:.0f} s",
            flush=True,
        )


def save(adapted, out):
    """Writes the adapter as PEFT does, with its weights in fp16 and the options that every version of PEFT knows."""
    adapted.save_pretrained(out)
    path = Path(out) / "adapter_model.safetensors"
    weights = {name: weight.half().contiguous() for name, weight in load_file(path).items()}
    save_file(weights, path, metadata={"format": "pt"})
    path.chmod(0o644)
    (Path(out) / "README.md").unlink(missing_ok=True)
    config = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        # The base is the folder above; a path of the machine that trained would be of no use.
        "base_model_name_or_path": None,
        "r": RANK,
        "lora_alpha": 2 * RANK,
        "lora_dropout": 0.0,
        "target_modules": LAYERS,
        "bias": "none",
        "fan_in_fan_out": False,
        "modules_to_save": None,
        "init_lora_weights": True,
        "inference_mode": True,
    }
    text = json.dumps(config, indent=2) + "\n"
    (Path(out) / "adapter_config.json").write_text(text, encoding="utf-8")


def print_knots(data):
    points = {
        "complexity": lambda row: rubric.complexity_points(row["instruction"]),
        "quality": lambda row: rubric.quality_points(row["instruction"], row["output"]),
    }
    for name, points_of in points.items():
        values = [points_of(row) for row in rows.ROWS[name](data)[0]]
        print(name, ", ".join(f"{value:.2f}" for value in np.quantile(values, QUANTILES)))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="folder with the LLaMA-Factory demo data")
    parser.add_argument(
        "--model", default="demo/public/model", help="folder of the base model; the adapters go below it"
    )
    parser.add_argument("--scorer", choices=list(rows.ROWS), default="complexity")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--rate", type=float, default=4e-3)
    parser.add_argument("--decay", type=float, default=0.01)
    parser.add_argument("--batch-tokens", type=int, default=6144)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--knots", action="store_true", help="print the knots for rubric.py and end")
    options = parser.parse_args()
    if options.knots:
        return print_knots(options.data)
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)

    tokenizer = AutoTokenizer.from_pretrained(options.model)
    base = AutoModelForCausalLM.from_pretrained(options.model, dtype=torch.float32)
    config = LoraConfig(r=RANK, lora_alpha=2 * RANK, target_modules=LAYERS, task_type="CAUSAL_LM")
    adapted = get_peft_model(base, config)
    trained_on = rows.ROWS[options.scorer](options.data)[0]
    encoded = [prompts.encode(tokenizer, prompts.PROMPTS[options.scorer](row)) for row in trained_on]
    scores = torch.tensor([rubric.RUBRICS[options.scorer](row) for row in trained_on])
    print(
        f"{options.scorer}: {len(encoded)} rows, {sum(map(len, encoded))} tokens, labels' deviation {scores.std():.2f}"
    )

    model = adapted.get_base_model()
    model.train()
    train(model, encoded, scores, options, prompts.digit_ids(tokenizer))
    save(adapted, Path(options.model) / options.scorer)


if __name__ == "__main__":
    main()
