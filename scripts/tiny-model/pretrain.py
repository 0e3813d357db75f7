"""Pretrains the tiny Llama on plain text and ChatML chats; writes config.json, generation_config.json,
model.safetensors.

Documents are packed end to end into blocks; every token is trained. The stored weights are fp16, and the
held-out losses printed at the end are those of the rounded weights.
"""

import argparse
import json
import math
import random
import time
from pathlib import Path

import numpy as np
import torch
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

import corpus
import synthetic

LONG_SHARE = 0.2
"""Share of the training tokens, at the end, that is seen in blocks of the full context rather than `--block`."""


def architecture(tokenizer):
    return LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=128,
        intermediate_size=344,
        num_hidden_layers=5,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=32,
        max_position_embeddings=1024,
        rope_theta=10000.0,
        rms_norm_eps=1e-5,
        tie_word_embeddings=True,
        initializer_range=0.04,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
        dtype="float16",
    )


def documents(data, tokenizer, short_chats):
    """Token ids of every document, as {'text': (train, held out), 'chat': (train, held out)}."""
    split = {"text": ([], []), "chat": ([], [])}
    for passage in corpus.read_passages(data):
        held_out = corpus.percentile_of(passage) < corpus.HELD_OUT_PASSAGES
        ids = tokenizer(passage)["input_ids"]
        split["text"][held_out].append(
            [tokenizer.bos_token_id, *ids, tokenizer.convert_tokens_to_ids("</s>")]
        )
    chats = corpus.read_chats(data)
    chats += [(False, corpus.chat(*pair)) for pair in synthetic.short_chats(short_chats)]
    for held_out, messages in chats:
        ids = tokenizer(tokenizer.apply_chat_template(messages, tokenize=False))["input_ids"]
        split["chat"][held_out].append(ids)
    return split


def packed(documents_, block, draw):
    """The documents in a new order, end to end, as rows of `block` tokens; the rest is left out."""
    order = list(documents_)
    draw.shuffle(order)
    stream = np.concatenate([np.array(ids, dtype=np.int64) for ids in order])
    return torch.from_numpy(stream[: len(stream) // block * block].reshape(-1, block))


def epochs_of_blocks(documents_, block, draw):
    while True:
        yield from packed(documents_, block, draw)


@torch.no_grad()
def mean_loss(model, documents_, limit=1024):
    """Mean loss per token (nats) of documents read one by one, each from its start."""
    model.eval()
    total, count = 0.0, 0
    for ids in documents_:
        ids = torch.tensor([ids[:limit]])
        total += model(ids, labels=ids).loss.item() * (ids.shape[1] - 1)
        count += ids.shape[1] - 1
    return total / count


def optimizers_for(model, rate, decay):
    """Muon for the hidden matrices, which a small model learns faster with, and AdamW for embedding and norms."""
    named = list(model.named_parameters())
    hidden = [p for name, p in named if p.dim() == 2 and "embed_tokens" not in name]
    others = [p for name, p in named if p.dim() != 2 or "embed_tokens" in name]
    muon = torch.optim.Muon(
        hidden, lr=rate, weight_decay=decay, momentum=0.95, adjust_lr_fn="match_rms_adamw"
    )
    adamw = torch.optim.AdamW(others, lr=rate / 2, betas=(0.9, 0.95), weight_decay=0.0)
    for group in [*muon.param_groups, *adamw.param_groups]:
        group["peak"] = group["lr"]
    return [muon, adamw]


def schedule(step, steps, warmup):
    """Linear warm-up, then a cosine down to a twentieth of the rate."""
    if step < warmup:
        return (step + 1) / warmup
    return 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))


def save(model, out):
    """Writes the weights in fp16 under their Hugging Face names, and rounds the model's own to the same values."""
    model.half()
    model.config.dtype = torch.float16
    model.save_pretrained(out)
    model.float()
    (Path(out) / "model.safetensors").chmod(0o644)
    # Readers older than transformers 5 look for these two names.
    path = Path(out) / "config.json"
    config = json.loads(path.read_text(encoding="utf-8"))
    config |= {"rope_theta": config["rope_parameters"]["rope_theta"], "torch_dtype": "float16"}
    path.write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="folder with the LLaMA-Factory demo data")
    parser.add_argument(
        "--out", default="demo/public/model", help="folder that holds the tokenizer; written to"
    )
    parser.add_argument("--tokens", type=float, default=5e6, help="training tokens in all")
    parser.add_argument("--block", type=int, default=512)
    parser.add_argument("--batch-tokens", type=int, default=2048)
    parser.add_argument("--rate", type=float, default=1e-2)
    parser.add_argument("--decay", type=float, default=0.1)
    parser.add_argument("--short-chats", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    draw = random.Random(options.seed)

    tokenizer = AutoTokenizer.from_pretrained(options.out)
    split = documents(options.data, tokenizer, options.short_chats)
    train = split["text"][0] + split["chat"][0]
    for name, parts in split.items():
        print(f"{name}: {sum(map(len, parts[0]))} tokens to train on, {sum(map(len, parts[1]))} held out")

    config = architecture(tokenizer)
    model = LlamaForCausalLM(config).float()
    print(f"{sum(p.numel() for p in model.parameters())} parameters")
    optimizers = optimizers_for(model, options.rate, options.decay)
    blocks = epochs_of_blocks(train, options.block, draw)
    long_blocks = epochs_of_blocks(train, config.max_position_embeddings, draw)

    steps, step, start = int(options.tokens // options.batch_tokens), 0, time.time()
    running = None
    model.train()
    while step < steps:
        is_long = step >= steps * (1 - LONG_SHARE)
        length = config.max_position_embeddings if is_long else options.block
        rows = [next(long_blocks if is_long else blocks) for _ in range(options.batch_tokens // length)]
        batch = torch.stack(rows)
        factor = schedule(step, steps, warmup=max(1, steps // 50))
        for group in (group for optimizer in optimizers for group in optimizer.param_groups):
            group["lr"] = group["peak"] * factor
        loss = model(batch, labels=batch).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        running = loss.item() if running is None else 0.97 * running + 0.03 * loss.item()
        step += 1
        if step % 100 == 0 or step == steps:
            seconds = time.time() - start
            print(
                f"step {step}/{steps} loss {running:.3f} {step * options.batch_tokens / seconds:.0f} tokens/s",
                flush=True,
            )

    save(model, options.out)
    figures = {f"{name}_loss": round(mean_loss(model, parts[1]), 4) for name, parts in split.items()}
    print(json.dumps({"tokens": steps * options.batch_tokens, **figures}))


if __name__ == "__main__":
    main()
