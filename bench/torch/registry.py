"""What PyTorch computes, by name: a function of settings that gives a function of tensors by name."""

import torch

OPERATORS = {}


def operator(name):
    def register(make):
        OPERATORS[name] = make
        return make

    return register


def backwards(compute, gradients):
    """As `compute`, and then from the inputs named `d…` the gradients of those named in `gradients`, as d…."""

    def both(inputs):
        leaves = {name: inputs[name].detach().requires_grad_() for name in gradients}
        output = compute({**inputs, **leaves})
        with torch.no_grad():
            dy = inputs["dy"]
        found = torch.autograd.grad(output, [leaves[name] for name in gradients], dy)
        return {"y": output.detach(), **{"d" + name: grad for name, grad in zip(gradients, found)}}

    return both
