"""Models with the architectures of the built-in services and tiny random weights, saved as such models are."""

from __future__ import annotations

from pathlib import Path

import pytest

WORDS = [
    "a",
    "b",
    "c",
    "cat",
    "dog",
    "house",
    "red",
    "green",
    "blue",
    "def",
    "return",
    "query",
    "instruct",
    "find",
    "passages",
    "good",
    "bad",
    ",",
    ".",
    ":",
]


@pytest.fixture(scope="session")
def folder(tmp_path_factory) -> Path:
    """Where the tiny models are saved."""
    return tmp_path_factory.mktemp("models")


def save_tokenizer(target: Path, *, pair: bool = False, **options) -> None:
    """A tokenizer of whole words with the special tokens of XLM-R."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    special = ["<s>", "<pad>", "</s>", "<unk>"]
    vocabulary = {word: place for place, word in enumerate([*special, *WORDS])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>" if pair else "<s> $A </s> $B </s>",
        special_tokens=[("<s>", 0), ("</s>", 2)],
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        eos_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
        **options,
    ).save_pretrained(target)


def _xlm_r(**more):
    from transformers import XLMRobertaConfig

    return XLMRobertaConfig(
        vocab_size=64, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=80, pad_token_id=1, **more,
    )  # fmt: skip


@pytest.fixture(scope="session")
def e5(folder) -> str:
    """An XLM-R encoder."""
    import torch
    from transformers import XLMRobertaModel

    torch.manual_seed(1)
    XLMRobertaModel(_xlm_r()).save_pretrained(folder / "e5")
    save_tokenizer(folder / "e5")
    return str(folder / "e5")


@pytest.fixture(scope="session")
def bge(folder) -> str:
    """An XLM-R with one score."""
    import torch
    from transformers import XLMRobertaForSequenceClassification

    torch.manual_seed(2)
    XLMRobertaForSequenceClassification(_xlm_r(num_labels=1)).save_pretrained(folder / "bge")
    save_tokenizer(folder / "bge", pair=True)
    return str(folder / "bge")


@pytest.fixture(scope="session")
def jina(folder) -> str:
    """The architecture of jina-embeddings-v2-base-code, with the layout of its files."""
    import json

    import torch
    from safetensors.torch import save_file

    from mixpeek_orchestration.extractors.services.jina_bert import JinaBert, JinaBertSettings

    torch.manual_seed(3)
    target = folder / "jina"
    target.mkdir()
    model = JinaBert(JinaBertSettings(64, 24, 2, 6, 32))
    weights = {f"bert.{name}": value for name, value in model.state_dict().items()}
    save_file(weights, target / "model.safetensors")
    config = {
        "model_type": "bert", "position_embedding_type": "alibi", "feed_forward_type": "geglu", "vocab_size": 64,
        "hidden_size": 24, "num_hidden_layers": 2, "num_attention_heads": 6, "intermediate_size": 32,
        "auto_map": {"AutoModel": "jinaai/jina-bert-v2-qk-post-norm--modeling_bert.JinaBertModel"},
    }  # fmt: skip
    (target / "config.json").write_text(json.dumps(config))
    save_tokenizer(target)
    return str(target)


def _two_towers(text, vision) -> dict[str, dict[str, int]]:
    both = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    return {
        "text_config": {**both, "vocab_size": 64, "max_position_embeddings": 16, **text},
        "vision_config": {**both, "image_size": 32, "patch_size": 16, **vision},
    }


@pytest.fixture(scope="session")
def clip(folder) -> str:
    """A CLIP with both towers."""
    import torch
    from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel

    torch.manual_seed(4)
    ends = {"bos_token_id": 0, "eos_token_id": 2, "pad_token_id": 1, "projection_dim": 12}
    config = CLIPConfig(**_two_towers(ends, {"projection_dim": 12}), projection_dim=12)
    CLIPModel(config).save_pretrained(folder / "clip")
    CLIPImageProcessor(size={"shortest_edge": 32}, crop_size=32).save_pretrained(folder / "clip")
    save_tokenizer(folder / "clip")
    return str(folder / "clip")


@pytest.fixture(scope="session")
def siglip(folder) -> str:
    """A SigLIP with both towers."""
    import torch
    from transformers import SiglipConfig, SiglipImageProcessor, SiglipModel

    torch.manual_seed(5)
    config = SiglipConfig(**_two_towers({"pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2}, {}))
    SiglipModel(config).save_pretrained(folder / "siglip")
    SiglipImageProcessor(size={"height": 32, "width": 32}).save_pretrained(folder / "siglip")
    save_tokenizer(folder / "siglip", model_input_names=["input_ids"])
    return str(folder / "siglip")
