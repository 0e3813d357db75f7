"""Checks by hand that an adapter exported by tabtune means in PEFT what it means here.

    pip install -r test/fixtures/requirements.txt
    node scripts/dump-logits.mjs MODEL_DIR ADAPTER_DIR LOGITS.json [MERGED_DIR]
    python scripts/check-peft.py MODEL_DIR ADAPTER_DIR LOGITS.json [MERGED_DIR]

Loads the adapter with PEFT on the same base weights, and with MERGED_DIR the merged model with transformers, and
compares the logits at every position. Exits with 1 if any is
off by more than 1e-4 of itself and of the spread of all, or if the adapter changes nothing.
"""

import argparse
import json
import sys
import warnings

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

TOLERANCE = 1e-4


def logits_of(model, sequences):
    with torch.no_grad():
        return torch.cat([model(torch.tensor([ids])).logits[0] for ids in sequences])


def compare(name, got, wanted):
    if got.shape != wanted.shape:
        sys.exit(f"{name}: logits have shape {tuple(got.shape)}, wanted is {tuple(wanted.shape)}")
    spread = wanted.std().item()
    worst = (got - wanted).abs().max().item()
    print(f"{name}: {got.shape[0]} tokens x {got.shape[1]} logits, standard deviation {spread:.4g}")
    print(f"{name}: largest difference {worst:.3g}")
    if not torch.allclose(got, wanted, rtol=TOLERANCE, atol=TOLERANCE * spread):
        sys.exit(f"{name}: the logits differ by more than {TOLERANCE}")
    return spread


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("adapter")
    parser.add_argument("logits", help="written by dump-logits.mjs")
    parser.add_argument("merged", nargs="?")
    arguments = parser.parse_args()
    with open(arguments.logits) as file:
        ours = json.load(file)
    base = AutoModelForCausalLM.from_pretrained(arguments.model, dtype=torch.float32).eval()
    plain = logits_of(base, ours["ids"])
    # A key that PEFT does not find in the model, or misses in the file, is only a warning there.
    warnings.simplefilter("error", UserWarning)
    model = PeftModel.from_pretrained(base, arguments.adapter).eval()
    theirs = logits_of(model, ours["ids"])
    effect = (theirs - plain).abs().max().item()
    print(f"largest change by the adapter {effect:.4g}")
    spread = compare("PEFT", torch.tensor(ours["logits"]), theirs)
    if arguments.merged:
        merged = AutoModelForCausalLM.from_pretrained(arguments.merged, dtype="auto").eval()
        AutoTokenizer.from_pretrained(arguments.merged)
        compare("the merged model", logits_of(merged, ours["ids"]).float(), theirs)
    if effect < 100 * TOLERANCE * spread:
        sys.exit("the adapter changes next to nothing: this proves nothing")


main()
