"""Candidates: their graphs, their training, what they predict on each set."""

from understudy.schemas.columns import DRAW, SET, SPLIT, Column

RUN: list[Column] = [
    ("regime", "str", "what the run was trained on: full (the train file) or subtrain"),
    ("family", "str", "standard or rwnn"),
    ("architecture", "str", "name of the architecture"),
    ("seed", "int", "number of the run's seed within its architecture, from 0"),
    ("run", "str", "name of the run: architecture and seed"),
]

CANDIDATE_TABLES: dict[str, list[Column]] = {
    "graphs": [
        ("graph", "str", "name of the architecture"),
        ("stage", "int", "stage of the network, from 0"),
        ("nodes", "int", "number of nodes"),
        ("source", "int", "node that an edge leaves"),
        ("target", "int", "node that it enters; larger than source"),
    ],
    "history": [
        *RUN[1:],
        ("epoch", "int", "epochs trained"),
        ("training_loss", "float", "mean loss over the epoch's minibatches, weights changing meanwhile"),
        ("training_error", "float", "error over the epoch's minibatches, weights changing meanwhile"),
        ("learning_rate", "float", "learning rate of the epoch's last step"),
        ("status", "str", "trained, or failed"),
        ("reason", "str", "why a run failed; empty otherwise"),
    ],
    "counts": [
        DRAW,
        SPLIT,
        *RUN,
        SET,
        ("epoch", "int", "epoch of the snapshot"),
        ("label", "int", "class of the images counted"),
        ("half", "int", "0 or 1: a fixed stratified halving of the set's images"),
        ("images", "int", "images of this class and half"),
        ("errors", "int", "how many of them the snapshot gets wrong"),
    ],
    "predictions": [
        DRAW,
        SPLIT,
        *RUN,
        SET,
        ("epoch", "int", "epoch of the snapshot"),
        ("is_last", "bool", "whether it is the run's last snapshot"),
        ("chosen_by", "list<str>", "selection sets whose best snapshot of this run it is"),
        ("predicted", "list<int16>", "predicted class per image, in the order of the set's images"),
    ],
    "chosen_snapshots": [
        DRAW,
        SPLIT,
        RUN[0],
        RUN[-1],
        ("epoch", "int", "epoch of the snapshot"),
        ("chosen_by", "list<str>", "selection sets whose best snapshot of this run it is"),
    ],
    "removed_snapshots": [
        DRAW,
        SPLIT,
        *RUN,
        ("kept", "list<int>", "epochs of the snapshots that a selection chose, and of the last one"),
        ("removed", "list<int>", "epochs of the snapshots whose weights were removed, now or earlier"),
        ("bytes_removed", "int", "size of the removed weights"),
    ],
}
