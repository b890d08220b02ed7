"""CLIP and SigLIP on tiny weights: pictures and texts in one space."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mixpeek_orchestration.core.errors import ItemFailure
from mixpeek_orchestration.extractors.documented.inference import CLIPEmbeddingBatch, SigLIPEmbeddingBatch


@pytest.fixture(params=["clip", "siglip"])
def service(request):
    """Makes a service with tiny weights and a config."""
    kind = {"clip": CLIPEmbeddingBatch, "siglip": SigLIPEmbeddingBatch}[request.param]
    name = request.getfixturevalue(request.param)
    return lambda **config: kind({"model_name": name, **config})


def _vectors(service, cells, column="data"):
    return np.stack(service(pd.DataFrame({column: cells}))["embedding"].tolist())


def test_pictures_come_as_bytes_paths_urls_and_decoded(service, picture, tmp_path):
    """The same picture has the same vector in every form that a cell can hold."""
    from mixpeek_orchestration.extractors.services.images import read_image

    content = picture("red")
    (tmp_path / "red.png").write_bytes(content)
    path = tmp_path / "red.png"
    found = _vectors(service(), [content, bytearray(content), str(path), path.as_uri(), read_image(content)])
    assert np.allclose(np.linalg.norm(found, axis=1), 1, atol=1e-6)
    assert np.abs(found - found[0]).max() < 1e-5


def test_company_does_not_matter(service, picture, calls):
    """A picture has the same vector in batches of any size, and pictures go through the model together."""
    cells = [picture(colour) for colour in ("red", "green", "blue", "white", "gray")]
    together = _vectors(service(), cells)
    assert calls == [5]
    assert np.abs(together - _vectors(service(batch_size=1), cells)).max() < 1e-5
    assert np.abs(together - _vectors(service(batch_size=2), cells)).max() < 1e-5


def test_a_text_is_embedded_by_the_text_tower(service, picture):
    """Rows of text/* go through the text tower, all others through that for pictures; a query has the same vector."""
    batch = pd.DataFrame(
        {
            "data": [picture("red"), "a red dog", None, " "],
            "mime_type": ["image/png", "text/plain", "image/png", "text/plain"],
        }
    )
    live = service()
    found = live(batch)["embedding"].tolist()
    assert [vector is None for vector in found] == [False, False, True, True]
    assert np.abs(found[1] - live.embed(["a red dog"])[0]).max() < 1e-5
    assert found[0].shape == found[1].shape


def test_texts_of_other_lengths_do_not_matter(service):
    """A text has the same vector alone and beside a longer one."""
    live = service(text_column="caption")
    together = live(pd.DataFrame({"caption": ["a cat", "the good red house . a b c"]}))["embedding"]
    assert np.abs(together[0] - live.embed(["a cat"])[0]).max() < 1e-5


def test_vectors_are_those_of_transformers(clip, picture):
    """CLIP's vectors are those of its model used by hand, scaled to length 1."""
    import torch
    from transformers import AutoImageProcessor, CLIPModel

    from mixpeek_orchestration.extractors.services.images import read_image

    model = CLIPModel.from_pretrained(clip).eval()
    pixels = AutoImageProcessor.from_pretrained(clip, backend="pil")(
        read_image(picture("blue")), return_tensors="pt"
    )
    with torch.no_grad():
        reference = model.get_image_features(**pixels).pooler_output
    reference = torch.nn.functional.normalize(reference, dim=-1).numpy()
    assert (
        np.abs(_vectors(CLIPEmbeddingBatch({"model_name": clip}), [picture("blue")]) - reference).max() < 1e-5
    )


@pytest.mark.parametrize("bad", [b"no picture", 7, "/no/such/file.png"])
def test_a_bad_picture_fails_before_the_model_runs(service, picture, calls, bad):
    """What cannot be read is an `ItemFailure`, and the rows beside it have lost no pass through the model."""
    with pytest.raises(ItemFailure):
        service()(pd.DataFrame({"data": [picture("red"), bad]}))
    assert calls == []


def test_a_picture_that_is_cut_off_fails(service, picture):
    """Half a file is no picture: it is an error of its row, not a vector of half of it."""
    content = picture("red", (400, 300))
    with pytest.raises(ItemFailure, match="not a picture"):
        service()(pd.DataFrame({"data": [content[: len(content) // 2]]}))
