"""Computes what it is told in lines of JSON, and answers each with a line. Arrays go through files."""

import importlib
import json
import os
import platform
import sys

import torch
from registry import OPERATORS

FOLDER = os.path.dirname(os.path.abspath(__file__))
for file in sorted(os.listdir(FOLDER)):
    if file.endswith(".py") and file not in ("main.py", "registry.py"):
        importlib.import_module(file[:-3])

# Full f32: no product is rounded to TF32 on the way.
torch.backends.cuda.matmul.allow_tf32 = False
torch.backends.cudnn.allow_tf32 = False
torch.set_float32_matmul_precision("highest")

device = torch.device(sys.argv[1])
if device.type == "cuda" and not torch.cuda.is_available():
    raise SystemExit("PyTorch finds no CUDA device; --torch-device cpu runs on the processor")
contenders = {}


def settle():
    if device.type == "cuda":
        torch.cuda.synchronize()


def describe(_):
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
    return {"torch": torch.__version__, "python": platform.python_version(), "device": name}


def open_contender(message):
    contenders[message["id"]] = {
        "compute": OPERATORS[message["op"]](message["settings"]),
        "dtype": torch.bfloat16 if message["precision"] == "bf16" else torch.float32,
    }


def load(message):
    own = contenders[message["id"]]
    own["inputs"] = {}
    for name, array in message["inputs"].items():
        whole = array["type"] == "int32"
        with open(array["path"], "rb") as file:
            data = bytearray(file.read())
        values = torch.frombuffer(data, dtype=torch.int32 if whole else torch.float32)
        values = values.reshape(array["shape"]).to(device)
        own["inputs"][name] = values.long() if whole else values.to(own["dtype"])
    settle()


def run(message):
    own = contenders[message["id"]]
    for _ in range(message["times"]):
        own["outputs"] = own["compute"](own["inputs"])
    settle()


def read(message):
    outputs = {}
    for name, values in contenders[message["id"]]["outputs"].items():
        path = os.path.join(FOLDER, f"{name}.out")
        with open(path, "wb") as file:
            file.write(values.detach().float().cpu().contiguous().numpy().tobytes())
        outputs[name] = {"path": path, "shape": list(values.shape)}
    return {"outputs": outputs}


def close(message):
    del contenders[message["id"]]


DO = {"describe": describe, "open": open_contender, "load": load, "run": run, "read": read, "close": close}
for line in sys.stdin:
    message = json.loads(line)
    try:
        answer = DO[message["do"]](message) or {}
    except Exception as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
