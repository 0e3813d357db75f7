"""The operators of the benches, each the way that is fastest in eager PyTorch."""

import torch
import torch.nn.functional as F
from registry import backwards, operator


@operator("matmul")
def matmul(settings):
    layout = settings["layout"]

    def compute(x):
        a = x["a"].T if layout == "tn" else x["a"]
        b = x["b"].T if layout == "nt" else x["b"]
        return {"c": a @ b}

    return compute
