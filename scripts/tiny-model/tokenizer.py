"""Trains the byte-fallback BPE tokenizer and writes tokenizer.json, tokenizer_config.json,
special_tokens_map.json.

Like Llama's: spaces become U+2581, a character outside the vocabulary becomes its UTF-8 bytes
<0x00>…<0xFF>. Unlike Llama's: no space is put before the text and no <s> either, so that
decode(encode(text)) == text and a text cut at a special token encodes to the same ids piece by piece.
Every digit is a token of its own.
"""

import argparse
import json
from collections import Counter
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

import corpus
import synthetic

SPACE = "\u2581"
CONTROL = ["<unk>", "<s>", "</s>"]
CHAT = ["<|im_start|>", "<|im_end|>"]
# A digit; line breaks; a word; other marks. A word and a run of marks take one space before them along.
PIECES = rf"\p{{N}}|\n+|{SPACE}?[\p{{L}}\p{{M}}'’]+|{SPACE}?[^\n{SPACE}\p{{L}}\p{{M}}\p{{N}}'’]+"
RARE_CHARACTER = 40
"""Characters seen less often than this are left to their bytes."""
CHAT_TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + "
    "'<|im_end|>' + '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def empty_tokenizer():
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    tokenizer.normalizer = normalizers.Replace(" ", SPACE)
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(PIECES), behavior="isolated")
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace(SPACE, " "), decoders.ByteFallback(), decoders.Fuse()]
    )
    return tokenizer


def train(texts, vocabulary):
    """The tokenizer as the object that tokenizer.json holds: control tokens, bytes, learned tokens, chat tokens."""
    counts = Counter(character for text in texts for character in text.replace(" ", SPACE))
    alphabet = [chr(code) for code in range(33, 127)] + ["\n", SPACE]
    common = [c for c, count in counts.items() if count >= RARE_CHARACTER and c.isprintable() and c != " "]
    bytes_ = [f"<0x{byte:02X}>" for byte in range(256)]
    learned_size = vocabulary - len(CONTROL) - len(bytes_) - len(CHAT)
    tokenizer = empty_tokenizer()
    tokenizer.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=learned_size,
            initial_alphabet=alphabet,
            limit_alphabet=len(set(alphabet) | set(common)),
            show_progress=False,
        ),
    )
    written = json.loads(tokenizer.to_str())
    learned = sorted(written["model"]["vocab"], key=written["model"]["vocab"].get)
    tokens = CONTROL + bytes_ + learned + CHAT
    assert len(tokens) == len(set(tokens)) == vocabulary
    ids = {token: index for index, token in enumerate(tokens)}
    written["model"]["vocab"] = ids
    written["added_tokens"] = [
        {
            "id": ids[token],
            "content": token,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": True,
        }
        for token in CONTROL + CHAT
    ]
    return written


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="folder with the LLaMA-Factory demo data")
    parser.add_argument("--out", default="demo/public/model", help="folder to write")
    parser.add_argument("--vocabulary", type=int, default=2048)
    options = parser.parse_args()

    texts = corpus.read_passages(options.data)
    for held_out, messages in corpus.read_chats(options.data):
        texts += [] if held_out else [message["content"] for message in messages]
    texts += [text for pair in synthetic.short_chats(500) for text in pair]
    written = train(texts, options.vocabulary)

    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    (out / "tokenizer.json").write_text(
        json.dumps(written, ensure_ascii=False, separators=(",", ":")), encoding="utf-8"
    )
    special = {"bos_token": "<s>", "eos_token": "<|im_end|>", "unk_token": "<unk>", "pad_token": "</s>"}
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": 1024,
        "clean_up_tokenization_spaces": False,
        "add_bos_token": False,
        "add_eos_token": False,
        **special,
        "chat_template": CHAT_TEMPLATE,
    }
    for name, content in (("tokenizer_config.json", config), ("special_tokens_map.json", special)):
        (out / name).write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")

    tokenizer = Tokenizer.from_str(json.dumps(written))
    sample = " ".join(texts)
    ids = tokenizer.encode(sample).ids
    assert tokenizer.decode(ids, skip_special_tokens=False) == sample
    print(f"{len(written['model']['vocab'])} tokens, {len(sample) / len(ids):.2f} characters per token")


if __name__ == "__main__":
    main()
