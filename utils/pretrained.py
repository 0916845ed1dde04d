"""Weights that ship with the course: data/pretrained/NAME.pt, each tensor by its name, in float16."""

import torch
from torch import nn

from . import data

FOLDER = data.ROOT / "pretrained"
FACTS = ("seconds", "step", "history")       # what a file says of the training, beside the weights


def of_this_set():
    """Whether they have learnt the data set that was loaded last."""
    return data.current == data.SHIPPED


def save(name, parts, **facts):
    """Write data/pretrained/NAME.pt: `parts`, {name: network or tensor}, what a training made, and its `FACTS`."""
    weights = {key: w.detach().cpu().half() if w.is_floating_point() else w.cpu() for key, w in _tensors(parts).items()}
    torch.save({"weights": weights, **facts}, FOLDER / f"{name}.pt")


def load(name, parts):
    """Copy data/pretrained/NAME.pt into `parts`, {name: network or tensor}, all of it or nothing; returns the facts.

    Raises RuntimeError, in a sentence, for a file that is not there, cannot be read or does not fit, and where another
    data set was loaded than the weights have learnt.
    """
    path, instead = FOLDER / f"{name}.pt", "give Run minutes above 0 to train instead"
    if not of_this_set():
        raise RuntimeError(f"the weights in {path.name} have learnt {data.SHIPPED}, and you loaded {data.label()}: "
                           f"{instead}")
    if not path.exists():
        raise RuntimeError(f"there are no weights data/pretrained/{path.name}: {instead}")
    try:
        kept = torch.load(path, map_location="cpu", weights_only=True)
        weights, facts = kept["weights"], {key: kept[key] for key in FACTS}
        found = {key: w.shape for key, w in weights.items()}
    except Exception as error:                     # torch.load raises many kinds
        raise RuntimeError(f"{path.name} cannot be read ({type(error).__name__}): {instead}, or restore it "
                           "with  git checkout HEAD -- data/pretrained") from error
    mine = _tensors(parts)
    if found != {key: w.shape for key, w in mine.items()}:
        raise RuntimeError(f"the weights in {path.name} do not fit a network that was changed: {instead}, "
                           "or undo the change")
    with torch.no_grad():
        for key, w in mine.items():
            w.copy_(weights[key])
    return facts


def _tensors(parts):
    """{"part.name": tensor} of networks, {"part": tensor} of single tensors."""
    tensors = {}
    for name, part in parts.items():
        tensors |= ({f"{name}.{key}": w for key, w in part.state_dict().items()} if isinstance(part, nn.Module)
                    else {name: part})
    return tensors
