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


@operator("attention")
def attention(settings):
    def compute(x):
        q, k, v = (x[name].transpose(0, 1).unsqueeze(0) for name in ("q", "k", "v"))
        grouped = q.shape[1] != k.shape[1]
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=grouped)
        return y.squeeze(0).transpose(0, 1)

    return passes(settings, compute, ["q", "k", "v"])


@operator("log-prob-head")
def log_prob_head(settings):
    def compute(x):
        return -F.cross_entropy(x["h"] @ x["w"].T, x["target"], reduction="none")

    return passes(settings, compute, ["h"])


@operator("scorer-head")
def scorer_head(_):
    def compute(x):
        p = torch.softmax(x["h"] @ x["w"][x["ids"]].T, -1)
        return {"y": p @ torch.arange(1, p.shape[1] + 1, device=p.device, dtype=p.dtype)}

    return compute


@operator("join")
def join(settings):
    return lambda x: {"y": (x["x"] @ x["x"].T > settings["threshold"]).sum(1) - 1}


@operator("top-k")
def top_k(settings):
    return lambda x: {"y": torch.topk(x["x"] @ x["c"].T, settings["k"], dim=1).values}
