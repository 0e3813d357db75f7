"""A step of LoRA-DPO of a Llama with random weights, as eager PyTorch does it: reference log-probs are cached."""

import torch
import torch.nn.functional as F
from registry import operator
from torch import nn

BETA = 0.1


class Linear(nn.Module):
    """A frozen matrix with a low-rank change, at first none, scaled by 2."""

    def __init__(self, inputs, outputs, rank, **like):
        super().__init__()
        self.weight = torch.randn(outputs, inputs, **like) / inputs**0.5
        bound = inputs**-0.5
        self.a = nn.Parameter(torch.empty(rank, inputs, **like).uniform_(-bound, bound))
        self.b = nn.Parameter(torch.zeros(outputs, rank, **like))

    def forward(self, x):
        return F.linear(x, self.weight) + F.linear(F.linear(x, self.a), self.b) * 2


class Layer(nn.Module):
    def __init__(self, s, **like):
        super().__init__()
        C, mlp, rank = s["hidden"], s["intermediate"], s["rank"]
        self.heads, self.kv_heads, self.size = s["heads"], s["kvHeads"], C // s["heads"]
        kv = self.kv_heads * self.size
        self.norms = [torch.ones(C, **like), torch.ones(C, **like)]
        self.q, self.o = Linear(C, C, rank, **like), Linear(C, C, rank, **like)
        self.k, self.v = Linear(C, kv, rank, **like), Linear(C, kv, rank, **like)
        self.gate, self.up = Linear(C, mlp, rank, **like), Linear(C, mlp, rank, **like)
        self.down = Linear(mlp, C, rank, **like)

    def forward(self, x, cos, sin):
        S, T, C = x.shape
        h = F.rms_norm(x, (C,), self.norms[0], 1e-5)
        split = lambda y, heads: y.view(S, T, heads, self.size).transpose(1, 2)
        q, k = (rotated(y, cos, sin) for y in (split(self.q(h), self.heads), split(self.k(h), self.kv_heads)))
        v = split(self.v(h), self.kv_heads)
        grouped = self.heads != self.kv_heads
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True, enable_gqa=grouped)
        x = x + self.o(y.transpose(1, 2).reshape(S, T, C))
        h = F.rms_norm(x, (C,), self.norms[1], 1e-5)
        return x + self.down(F.silu(self.gate(h)) * self.up(h))


def rotated(x, cos, sin):
    a, b = x.chunk(2, -1)
    return x * cos + torch.cat((-b, a), -1) * sin


class Model(nn.Module):
    def __init__(self, s, **like):
        super().__init__()
        self.table = torch.randn(s["vocabulary"], s["hidden"], **like) * 0.04
        self.layers = nn.ModuleList(Layer(s, **like) for _ in range(s["layers"]))
        self.norm = torch.ones(s["hidden"], **like)
        size = s["hidden"] // s["heads"]
        steps = torch.arange(0, size, 2, device=like["device"]) / size
        angles = torch.arange(s["tokens"], device=like["device"])[:, None] * 10000**-steps
        self.cos, self.sin = (f(torch.cat((angles, angles), -1)).to(like["dtype"]) for f in (torch.cos, torch.sin))

    def forward(self, ids, prompt):
        """The sum of the log-probs of each sequence's tokens behind the prompt: [S]."""
        x = F.embedding(ids, self.table)
        for layer in self.layers:
            x = layer(x, self.cos, self.sin)
        x = F.rms_norm(x[:, prompt - 1 : -1], (x.shape[-1],), self.norm, 1e-5)
        logits = F.linear(x, self.table).float()
        return logits.log_softmax(-1).gather(-1, ids[:, prompt:, None]).squeeze(-1).sum(-1)


@operator("lora-dpo-step")
def lora_dpo_step(settings):
    made = {}

    def start(inputs):
        like = {"device": inputs["like"].device, "dtype": inputs["like"].dtype}
        torch.manual_seed(settings["seed"])
        if like["device"].type == "cuda":
            torch.cuda.reset_peak_memory_stats()
        model = Model(settings, **like)
        with torch.no_grad():
            reference = model(inputs["ids"], settings["prompt"])
        made["model"], made["reference"] = model, reference
        made["optimizer"] = torch.optim.AdamW(model.parameters(), lr=settings["learningRate"], weight_decay=0.0)

    def step(inputs):
        if not made:
            start(inputs)
        made["optimizer"].zero_grad()
        ratios = made["model"](inputs["ids"], settings["prompt"]) - made["reference"]
        loss = -F.logsigmoid(BETA * (ratios[0::2] - ratios[1::2])).mean()
        loss.backward()
        made["optimizer"].step()
        cuda = inputs["ids"].device.type == "cuda"
        peak = torch.cuda.max_memory_allocated() / 2**20 if cuda else 0.0
        return {"loss": loss, "peak": torch.tensor(peak)}

    return step
