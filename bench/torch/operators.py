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


def passes(settings, compute, gradients):
    if settings["backward"]:
        return backwards(compute, gradients)
    return lambda x: {"y": compute(x)}


@operator("layer-norm")
def layer_norm(settings):
    shape, eps = (settings["columns"],), settings["eps"]
    return passes(settings, lambda x: F.layer_norm(x["x"], shape, x["w"], x["b"], eps), ["x", "w", "b"])


@operator("rms-norm")
def rms_norm(settings):
    shape, eps = (settings["columns"],), settings["eps"]
    return passes(settings, lambda x: F.rms_norm(x["x"], shape, x["w"], eps), ["x", "w"])
