"""Deita's two scoring prompts, the rule for prompts over the context, and the score read from the logits."""

import torch

COMPLEXITY = (
    "You are a helpful assistant. Please identify the complexity score of the following user query. \n"
    "##Query: {instruction}  \n##Complexity: "
)
QUALITY = (
    "You are a helpful assistant. Please identify the quality score of the Response corresponding to the Question. \n"
    " #Question#:\n{instruction}\n#Response#:\n{output} \n##Quality: "
)
DIGITS = "123456"
MAXIMUM_TOKENS = 1024
END_TOKENS = 256
"""Of a prompt over MAXIMUM_TOKENS the first MAXIMUM_TOKENS − END_TOKENS and the last END_TOKENS tokens are kept."""


def complexity_prompt(row):
    return COMPLEXITY.replace("{instruction}", row["instruction"])


def quality_prompt(row):
    before, after = QUALITY.split("{output}")
    return before.replace("{instruction}", row["instruction"]) + row["output"] + after


PROMPTS = {"complexity": complexity_prompt, "quality": quality_prompt}


def encode(tokenizer, prompt):
    """Token ids of the prompt; the middle of one that is too long is left out, so both of its ends survive."""
    ids = tokenizer(prompt)["input_ids"]
    if len(ids) <= MAXIMUM_TOKENS:
        return ids
    return ids[: MAXIMUM_TOKENS - END_TOKENS] + ids[-END_TOKENS:]


def digit_ids(tokenizer):
    return tokenizer.convert_tokens_to_ids(list(DIGITS))


def digit_logits(model, ids, digits):
    """Logits [B, 6] of the digit tokens after each prompt; `model` is a LlamaForCausalLM, adapted or not."""
    lengths = torch.tensor([len(row) for row in ids])
    batch = torch.zeros(len(ids), int(lengths.max()), dtype=torch.long)
    for index, row in enumerate(ids):
        batch[index, : len(row)] = torch.tensor(row)
    # Padding lies to the right, where causal attention never looks back from: no mask is needed.
    hidden = model.model(input_ids=batch).last_hidden_state
    last = hidden[torch.arange(len(ids)), lengths - 1]
    return last @ model.get_output_embeddings().weight[digits].T


def expectation(logits):
    """Σ k · softmax(logits)_k for k = 1…6: logits [B, 6] → scores [B]."""
    return logits.float().softmax(-1) @ torch.arange(1.0, 7.0)


def batches(encoded, tokens):
    """Groups the indices of `encoded` so that a group of similar lengths holds at most `tokens` with its padding."""
    group = []
    for index in sorted(range(len(encoded)), key=lambda index: (len(encoded[index]), index)):
        if group and (len(group) + 1) * len(encoded[index]) > tokens:
            yield group
            group = []
        group.append(index)
    if group:
        yield group


@torch.no_grad()
def score(model, tokenizer, prompts):
    """Scores of the prompts, in their order."""
    model.eval()
    encoded = [encode(tokenizer, prompt) for prompt in prompts]
    scores = torch.zeros(len(prompts))
    for group in batches(encoded, tokens=8192):
        ids = [encoded[index] for index in group]
        scores[group] = expectation(digit_logits(model, ids, digit_ids(tokenizer)))
    return scores.numpy()
