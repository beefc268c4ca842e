"""Opens and makes MobileNetV2 with torchvision, timm and transformers themselves: python torch_models.py JOB.

JOB: see tasks.py. A task is one of

    { "do": "open", "package", "folder", "input" }   reads model.safetensors of the folder strictly, answers
    { "do": "make", "package", "folder", "input" }   makes a model with random weights, writes it in every way that the package has, answers

with inputs whose channels are last. Its answer is { "output": logits, computed in float64, "files"? }.
"""
import copy
import json
import os

import numpy as np
import timm
import torch
import torchvision
from safetensors.torch import load_file, save_file
from tasks import answer_all, input_of
from transformers import MobileNetV2Config, MobileNetV2ForImageClassification, MobileNetV2ImageProcessor

torch.set_num_threads(1)
CLASSES = 5


def open_torchvision(folder):
    state = load_file(os.path.join(folder, "model.safetensors"))
    classes, features = state["classifier.1.weight"].shape
    width = state["features.1.conv.1.weight"].shape[0] / 16
    model = torchvision.models.MobileNetV2(num_classes=classes, width_mult=width)
    assert model.last_channel == features
    model.load_state_dict(state, strict=True)
    return model


def open_timm(folder):
    with open(os.path.join(folder, "config.json")) as file:
        config = json.load(file)
    model = timm.create_model(config["architecture"], num_classes=config["num_classes"], **config["model_args"])
    model.load_state_dict(load_file(os.path.join(folder, "model.safetensors")), strict=True)
    return model


def open_huggingface(folder):
    model, info = MobileNetV2ForImageClassification.from_pretrained(folder, output_loading_info=True)
    assert not info["missing_keys"] and not info["unexpected_keys"] and not info["mismatched_keys"], info
    return model


def make_torchvision(folder):
    model = randomized(torchvision.models.MobileNetV2(num_classes=CLASSES, width_mult=0.5))
    state = model.state_dict()
    torch.save(state, os.path.join(folder, "new.pth"))
    torch.save(state, os.path.join(folder, "old.pth"), _use_new_zipfile_serialization=False)
    save_file(state, os.path.join(folder, "model.safetensors"))
    return model, ["new.pth", "old.pth", "model.safetensors", *exported(folder, model)]


def make_timm(folder):
    model = randomized(timm.create_model("mobilenetv2_050", num_classes=CLASSES))
    torch.save({"state_dict": model.state_dict(), "epoch": 3}, os.path.join(folder, "checkpoint.pth.tar"))
    torch.save(model.state_dict(), os.path.join(folder, "pytorch_model.bin"))
    save_file(model.state_dict(), os.path.join(folder, "model.safetensors"))
    return model, ["checkpoint.pth.tar", "pytorch_model.bin", "model.safetensors", *exported(folder, model)]


def make_huggingface(folder):
    names = {i: name for i, name in enumerate(["background", "cat", "dog", "horse", "Löwenzahn"])}
    config = MobileNetV2Config(depth_multiplier=0.5, image_size=64, num_labels=CLASSES, id2label=names)
    model = randomized(MobileNetV2ForImageClassification(config))
    model.save_pretrained(folder)
    MobileNetV2ImageProcessor().save_pretrained(folder)
    torch.save(model.state_dict(), os.path.join(folder, "pytorch_model.bin"))
    logits = torch.nn.Sequential(model, Logits())
    return model, [".", "pytorch_model.bin", *exported(folder, logits)]


class Logits(torch.nn.Module):
    def forward(self, answer):
        return answer.logits


def with_head(*layers):
    model = torchvision.models.MobileNetV2(num_classes=CLASSES, width_mult=0.5)
    model.classifier = torch.nn.Sequential(*layers)
    return model


class Beside(torch.nn.Module):
    """Features under another name, and a head beside them."""

    def __init__(self):
        super().__init__()
        self.encoder = torchvision.models.MobileNetV2(width_mult=0.5).features
        self.fc1 = torch.nn.Linear(1280, 16)
        self.bn = torch.nn.BatchNorm1d(16)
        self.fc2 = torch.nn.Linear(16, CLASSES)

    def forward(self, x):
        x = self.encoder(x).mean((2, 3))
        return self.fc2(torch.relu(self.bn(self.fc1(x))))


def make_wrapped(folder):
    """Heads of several layers, in Lightning's checkpoints, in wrappers, and alone."""
    nn = torch.nn
    features = torchvision.models.MobileNetV2(width_mult=0.5).features
    models = {
        "two.pth": with_head(nn.Dropout(0.2), nn.Linear(1280, 16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, CLASSES)),
        "normalized.pth": with_head(
            nn.BatchNorm1d(1280), nn.Linear(1280, 16), nn.ReLU(), nn.BatchNorm1d(16), nn.Linear(16, CLASSES, bias=False)
        ),
        "neighbours.pth": with_head(nn.Linear(1280, 16), nn.Linear(16, CLASSES)),
        "nested.pth": with_head(nn.Dropout(0.2), nn.Sequential(nn.Linear(1280, 16), nn.ReLU(), nn.Linear(16, CLASSES))),
        "sequential.pth": nn.Sequential(*features, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(1280, CLASSES)),
        "lightning.ckpt.pth": Beside(),
    }
    for name, model in models.items():
        state = randomized(model).state_dict()
        if name == "lightning.ckpt.pth":
            state = {f"model.{key}": value for key, value in state.items()}
            optimizer = {"state": {0: {"exp_avg": torch.zeros(3)}}}
            state = {"epoch": 3, "state_dict": state, "optimizer_states": [optimizer], "hyper_parameters": {"lr": 0.001}}
        torch.save(state, os.path.join(folder, name))
    return torch.nn.ModuleList(models.values()), list(models)


def exported(folder, model):
    """Of a fixed batch and any, of two opsets."""
    names = {"input_names": ["input"], "output_names": ["output"]}
    if int(torch.__version__.split(".")[0]) >= 2:
        names["dynamo"] = False
    any_batch = {"input": {0: "batch"}, "output": {0: "batch"}}
    x = torch.zeros(2, 3, 64, 64)
    torch.onnx.export(model, x, os.path.join(folder, "fixed.onnx"), opset_version=13, **names)
    torch.onnx.export(model, x, os.path.join(folder, "any.onnx"), opset_version=11, dynamic_axes=any_batch, **names)
    return ["fixed.onnx", "any.onnx"]


def randomized(model):
    generator = torch.Generator().manual_seed(7)
    for name, value in model.state_dict().items():
        if len(value.shape) > 1:
            limit = float(np.sqrt(6 / np.prod(value.shape[1:])))
            value.uniform_(-limit, limit, generator=generator)
        elif len(value.shape) == 1:
            low, high = (0.5, 1.5) if name.endswith(("running_var", "weight")) else (-0.5, 0.5)
            value.uniform_(low, high, generator=generator)
    return model.eval()


def do(task):
    package = task["package"]
    os.makedirs(task["folder"], exist_ok=True)
    if task["do"] == "open":
        model, files = globals()[f"open_{package}"](task["folder"]), None
    else:
        model, files = globals()[f"make_{package}"](task["folder"])
    x = torch.from_numpy(input_of(task)).permute(0, 3, 1, 2)
    with torch.no_grad():
        # In float64: what is left between us is our own rounding.
        exact = copy.deepcopy(model).double().eval()
        if isinstance(model, torch.nn.ModuleList):
            y = torch.stack([one(x.double()) for one in exact])
        else:
            y = exact(x.double())
    y = y.logits if hasattr(y, "logits") else y
    return {"output": y.numpy().ravel().tolist(), "files": files}


answer_all(do)
