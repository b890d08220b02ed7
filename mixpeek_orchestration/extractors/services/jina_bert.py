"""The architecture behind jinaai/jina-embeddings-v2-base-code, which transformers does not have.

A BERT without position embeddings: ALiBi adds to every attention score a penalty that grows with the distance of the
two tokens. Queries and keys are normalised before the scores, and the feed-forward part is a gated GELU. The names of
the modules are those of the published weights.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from mixpeek_orchestration.core.errors import InvalidInput

_UNUSED: Final = ("pooler.", "cls.")


@dataclass(frozen=True)
class JinaBertSettings:
    """The sizes of a model, as its `config.json` names them."""

    vocab_size: int
    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    intermediate_size: int
    type_vocab_size: int = 2
    layer_norm_eps: float = 1e-12
    pad_token_id: int = 0


class Embeddings(nn.Module):
    def __init__(self, settings: JinaBertSettings) -> None:
        super().__init__()
        width = settings.hidden_size
        self.word_embeddings = nn.Embedding(settings.vocab_size, width, padding_idx=settings.pad_token_id)
        self.token_type_embeddings = nn.Embedding(settings.type_vocab_size, width)
        self.LayerNorm = nn.LayerNorm(width, eps=settings.layer_norm_eps)

    def forward(self, ids: Tensor) -> Tensor:
        return self.LayerNorm(self.word_embeddings(ids) + self.token_type_embeddings.weight[0])


class SelfAttention(nn.Module):
    def __init__(self, settings: JinaBertSettings) -> None:
        super().__init__()
        width, eps = settings.hidden_size, settings.layer_norm_eps
        self.heads = settings.num_attention_heads
        self.query, self.key, self.value = (nn.Linear(width, width) for _ in range(3))
        self.layer_norm_q, self.layer_norm_k = (nn.LayerNorm(width, eps=eps) for _ in range(2))

    def forward(self, states: Tensor, bias: Tensor) -> Tensor:
        query = self._split(self.layer_norm_q(self.query(states)))
        key = self._split(self.layer_norm_k(self.key(states)))
        value = self._split(self.value(states))
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        return mixed.transpose(1, 2).flatten(2)

    def _split(self, states: Tensor) -> Tensor:
        return states.unflatten(-1, (self.heads, -1)).transpose(1, 2)


class Projection(nn.Module):
    def __init__(self, settings: JinaBertSettings) -> None:
        super().__init__()
        self.dense = nn.Linear(settings.hidden_size, settings.hidden_size)
        self.LayerNorm = nn.LayerNorm(settings.hidden_size, eps=settings.layer_norm_eps)

    def forward(self, mixed: Tensor, states: Tensor) -> Tensor:
        return self.LayerNorm(self.dense(mixed) + states)


class Attention(nn.Module):
    def __init__(self, settings: JinaBertSettings) -> None:
        super().__init__()
        self.add_module("self", SelfAttention(settings))
        self.output = Projection(settings)

    def forward(self, states: Tensor, bias: Tensor) -> Tensor:
        return self.output(self.get_submodule("self")(states, bias), states)


class GatedFeedForward(nn.Module):
    def __init__(self, settings: JinaBertSettings) -> None:
        super().__init__()
        self.up_gated_layer = nn.Linear(settings.hidden_size, 2 * settings.intermediate_size, bias=False)
        self.down_layer = nn.Linear(settings.intermediate_size, settings.hidden_size)

    def forward(self, states: Tensor) -> Tensor:
        plain, gate = self.up_gated_layer(states).chunk(2, dim=-1)
        return self.down_layer(plain * functional.gelu(gate))


class Layer(nn.Module):
    def __init__(self, settings: JinaBertSettings) -> None:
        super().__init__()
        width, eps = settings.hidden_size, settings.layer_norm_eps
        self.attention = Attention(settings)
        self.mlp = GatedFeedForward(settings)
        self.layer_norm_1, self.layer_norm_2 = (nn.LayerNorm(width, eps=eps) for _ in range(2))

    def forward(self, states: Tensor, bias: Tensor) -> Tensor:
        states = self.layer_norm_1(self.attention(states, bias) + states)
        return self.layer_norm_2(self.mlp(states) + states)


class Stack(nn.Module):
    def __init__(self, settings: JinaBertSettings) -> None:
        super().__init__()
        self.layer = nn.ModuleList(Layer(settings) for _ in range(settings.num_hidden_layers))

    def forward(self, states: Tensor, bias: Tensor) -> Tensor:
        for layer in self.layer:
            states = layer(states, bias)
        return states


@dataclass(frozen=True)
class States:
    """What the encoder gives for every token."""

    last_hidden_state: Tensor


class JinaBert(nn.Module):
    """The encoder: token ids and a mask in, one state per token out."""

    def __init__(self, settings: JinaBertSettings) -> None:
        super().__init__()
        self.settings = settings
        self.embeddings = Embeddings(settings)
        self.encoder = Stack(settings)

    @property
    def device(self) -> torch.device:
        return self.embeddings.word_embeddings.weight.device

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> States:
        states = self.embeddings(input_ids)
        bias = distance_bias(self.settings.num_attention_heads, input_ids.shape[1]).to(states)
        unseen = torch.zeros_like(attention_mask, dtype=states.dtype).masked_fill(
            attention_mask == 0, -math.inf
        )
        return States(self.encoder(states, bias + unseen[:, None, None, :]))


def distance_bias(heads: int, tokens: int) -> Tensor:
    """What ALiBi adds to the score of every two tokens, per head: the head's slope times their distance, negative."""
    places = torch.arange(tokens)
    distances = (places[None, :] - places[:, None]).abs()
    return -torch.tensor(slopes(heads), dtype=torch.float32)[:, None, None] * distances


def slopes(heads: int) -> list[float]:
    """ALiBi's slopes: a geometric series for a power of two; else that of the power below, and every second slope of
    the power above."""
    power = 2 ** int(math.log2(heads))
    series = [2 ** (-8 * (place + 1) / power) for place in range(power)]
    return series if power == heads else series + slopes(2 * power)[::2][: heads - power]


def load_jina_bert(folder: Path) -> JinaBert:
    """The encoder with the weights of `folder`; raises `InvalidInput` unless every one of them is there and fits."""
    raw = json.loads((folder / "config.json").read_text())
    given = {name: raw[name] for name in JinaBertSettings.__dataclass_fields__ if raw.get(name) is not None}
    if raw.get("position_embedding_type") != "alibi" or raw.get("feed_forward_type") not in ("geglu", None):
        raise _other_model(folder, raw.get("position_embedding_type"))
    model = JinaBert(JinaBertSettings(**given))
    try:
        missing, unexpected = model.load_state_dict(_state(folder), strict=False)
    except RuntimeError as error:  # a weight of another shape
        raise _other_model(folder, str(error)) from error
    unknown = [name for name in unexpected if not name.startswith(_UNUSED)]
    if missing or unknown:
        raise _other_model(folder, [*missing, *unknown][:5])
    return model


def _state(folder: Path) -> dict[str, Tensor]:
    from safetensors.torch import load_file

    weights: dict[str, Any] = load_file(folder / "model.safetensors")
    return {name.removeprefix("bert."): value.float() for name, value in weights.items()}


def _other_model(folder: Path, value: object) -> InvalidInput:
    return InvalidInput(
        f"The model in {folder} does not have the architecture of jinaai/jina-embeddings-v2-base-code.",
        field="model_name",
        value=value,
        fix="Name weights that were fine-tuned from it (JinaBERT with ALiBi, normalised queries and keys).",
    )
