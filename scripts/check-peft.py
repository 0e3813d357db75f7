"""Checks by hand that an adapter exported by tabtune means in PEFT what it means here.

    pip install -r test/fixtures/requirements.txt
    node scripts/dump-logits.mjs MODEL_DIR ADAPTER_DIR LOGITS.json
    python scripts/check-peft.py MODEL_DIR ADAPTER_DIR LOGITS.json

Loads the adapter with PEFT on the same base weights and compares the logits at every position. Exits with 1 if any is
off by more than 1e-4 of itself and of the spread of all, or if the adapter changes nothing.
"""

import argparse
import json
import sys
import warnings

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM

TOLERANCE = 1e-4


def logits_of(model, sequences):
    with torch.no_grad():
        return torch.cat([model(torch.tensor([ids])).logits[0] for ids in sequences])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("adapter")
    parser.add_argument("logits", help="written by dump-logits.mjs")
    arguments = parser.parse_args()
    with open(arguments.logits) as file:
        ours = json.load(file)
    base = AutoModelForCausalLM.from_pretrained(arguments.model, dtype=torch.float32).eval()
    plain = logits_of(base, ours["ids"])
    # A key that PEFT does not find in the model, or misses in the file, is only a warning there.
    warnings.simplefilter("error", UserWarning)
    model = PeftModel.from_pretrained(base, arguments.adapter).eval()
    theirs = logits_of(model, ours["ids"])
    got = torch.tensor(ours["logits"])
    if got.shape != theirs.shape:
        sys.exit(f"logits have shape {tuple(got.shape)}, PEFT gives {tuple(theirs.shape)}")
    spread = theirs.std().item()
    worst = (got - theirs).abs().max().item()
    effect = (theirs - plain).abs().max().item()
    print(f"{got.shape[0]} tokens x {got.shape[1]} logits, standard deviation {spread:.4g}")
    print(f"largest change by the adapter {effect:.4g}")
    print(f"largest difference from PEFT {worst:.3g}")
    if effect < 100 * TOLERANCE * spread:
        sys.exit("the adapter changes next to nothing: this proves nothing")
    if not torch.allclose(got, theirs, rtol=TOLERANCE, atol=TOLERANCE * spread):
        sys.exit(f"the logits differ by more than {TOLERANCE}")


main()
