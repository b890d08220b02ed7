"""Models with the architectures of the built-in services and tiny random weights, saved as such models are."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from imageio_ffmpeg import get_ffmpeg_exe
from PIL import Image

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


@pytest.fixture(autouse=True)
def one_thread(monkeypatch) -> None:
    """Models this small spend several threads on waiting for each other."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


@pytest.fixture(scope="session")
def folder(tmp_path_factory) -> Path:
    """Where the tiny models are saved."""
    import torch

    torch.set_num_threads(1)
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
        model_max_length=64,
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


@pytest.fixture(scope="session")
def whisper(folder) -> str:
    """A speech model for 8 mel bands that writes single letters."""
    import torch
    from transformers import (
        GenerationConfig,
        WhisperConfig,
        WhisperFeatureExtractor,
        WhisperForConditionalGeneration,
        WhisperTokenizer,
    )

    torch.manual_seed(6)
    letters = [*(chr(code) for code in range(97, 123)), "\u0120"]
    vocabulary = {letter: place for place, letter in enumerate([*letters, "<|endoftext|>"])}
    tokenizer = WhisperTokenizer(vocab=vocabulary, merges=[], pad_token="<|endoftext|>")
    end, start, english, translate, transcribe, silent = tokenizer.convert_tokens_to_ids(
        [
            "<|endoftext|>",
            "<|startoftranscript|>",
            "<|en|>",
            "<|translate|>",
            "<|transcribe|>",
            "<|notimestamps|>",
        ]
    )
    ends = {"decoder_start_token_id": start, "pad_token_id": end, "bos_token_id": end, "eos_token_id": end}
    sizes = {f"{half}_{size}": 2 for half in ("encoder", "decoder") for size in ("layers", "attention_heads")}
    model = WhisperForConditionalGeneration(
        WhisperConfig(
            vocab_size=len(tokenizer),
            num_mel_bins=8,
            d_model=16,
            encoder_ffn_dim=32,
            decoder_ffn_dim=32,
            max_target_positions=64,
            max_source_positions=200,
            init_std=1.0,
            **sizes,
            **ends,
        )
    )
    model.generation_config = GenerationConfig(
        **ends, is_multilingual=True, lang_to_id={"<|en|>": english}, no_timestamps_token_id=silent, max_length=20,
        task_to_id={"transcribe": transcribe, "translate": translate}, return_timestamps=False,
        suppress_tokens=list(range(end, len(tokenizer))),
    )  # fmt: skip
    for part in (model, tokenizer, WhisperFeatureExtractor(feature_size=8, chunk_length=4)):
        part.save_pretrained(folder / "whisper")
    return str(folder / "whisper")


@pytest.fixture(scope="session")
def recording(folder) -> Callable[..., Path]:
    """Makes a recording of so many seconds, with sound, moving pictures, or both."""

    def make(seconds: float, *, video: bool = False, audio: bool = True, pitch: int = 440) -> Path:
        target = folder / f"{seconds:g}-{video:d}{audio:d}-{pitch}{'.mp4' if video else '.wav'}"
        inputs = [
            *(["-f", "lavfi", "-i", f"testsrc=d={seconds}:s=64x48:r=10"] if video else []),
            *(["-f", "lavfi", "-i", f"sine=f={pitch}:d={seconds}"] if audio else []),
        ]
        if not target.exists():
            subprocess.run([get_ffmpeg_exe(), "-loglevel", "error", *inputs, str(target)], check=True)
        return target

    return make


@pytest.fixture(scope="session")
def picture() -> Callable[..., bytes]:
    """A PNG of one colour, wider than high."""

    def make(colour: str, size: tuple[int, int] = (40, 30)) -> bytes:
        content = io.BytesIO()
        Image.new("RGB", size, colour).save(content, "PNG")
        return content.getvalue()

    return make


@pytest.fixture
def calls(monkeypatch) -> list[int]:
    """How many rows went through a transformer at a time, in order."""
    import torch

    seen: list[int] = []
    forward = torch.nn.Module.__call__

    def counted(module, *arguments, **options):
        if type(module).__name__ in (
            "XLMRobertaModel",
            "JinaBert",
            "CLIPVisionModel",
            "SiglipVisionModel",
        ):
            seen.append(len(next(iter((*arguments, *options.values())))))
        return forward(module, *arguments, **options)

    monkeypatch.setattr(torch.nn.Module, "__call__", counted)
    return seen
