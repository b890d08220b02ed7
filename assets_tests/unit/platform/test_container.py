"""The container that packages get: LLM, secrets, models, inference."""

from __future__ import annotations

import asyncio
import io
import pickle
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from pydantic import BaseModel

from assets_tests.unit.platform.llm_server import LLMServer, Reply
from mixpeek_orchestration.core.errors import InvalidPackage, NotFound, TransientItemFailure
from mixpeek_orchestration.core.ports.platform import LLMAnswer, LLMRequest
from mixpeek_orchestration.extractors.container import Container, current_platform, use_platform
from mixpeek_orchestration.extractors.sdk import concurrent_api_calls
from mixpeek_orchestration.warehouse.platform import NamespacePlatform


class Entities(BaseModel):
    """A documented structured answer."""

    entities: list[str]


def test_the_documented_call_works(platform: NamespacePlatform, server: LLMServer) -> None:
    """Instruction, text, provider, model and schema as in Mixpeek's documentation, many at a time: one answer a text."""
    llm = Container(platform).llm
    server.says(*[Reply(data={"entities": ["x"]})] * 3)

    async def analyze(text: str) -> Any:
        return await llm.generate(
            instruction="Extract entities from this text",
            text=text,
            provider="google",
            model="gemini-2.5-flash",
            schema={"type": "object", "properties": {"entities": {"type": "array"}}},
        )

    results = concurrent_api_calls(["a", "b", None, "c"], analyze, max_concurrent=10)
    assert [result and result.data for result in results] == [{"entities": ["x"]}] * 2 + [
        None,
        {"entities": ["x"]},
    ]
    assert results[0].tokens == 1100
    assert results[0].cost_usd > 0


def test_a_pydantic_class_gives_an_instance(platform: NamespacePlatform, server: LLMServer) -> None:
    """The class is sent as its JSON schema, and `.data` is an instance; the answer in the cache is one again."""
    llm = Container(platform).llm
    server.says(Reply(data={"entities": ["Ada"]}))
    request = LLMRequest("Extract.", provider="openai", schema=Entities)
    answers = [asyncio.run(llm.process(request)) for _ in range(2)]
    assert [answer.data for answer in answers] == [Entities(entities=["Ada"])] * 2
    assert [answer.cached for answer in answers] == [False, True]
    assert server.last["response_format"]["json_schema"]["schema"]["required"] == ["entities"]


def test_an_answer_that_the_class_refuses_is_transient(
    platform: NamespacePlatform, server: LLMServer
) -> None:
    """A validator of the class can be stricter than its schema; the row fails, naming the field."""
    from pydantic import field_validator

    class Short(BaseModel):
        """A text that has to be short."""

        text: str

        @field_validator("text")
        @classmethod
        def is_short(cls, value: str) -> str:
            assert len(value) < 3
            return value

    server.says(Reply(data={"text": "long"}))
    with pytest.raises(TransientItemFailure, match="Short") as refused:
        asyncio.run(Container(platform).llm.generate("x", provider="openai", schema=Short))
    assert refused.value.field == "text"


@pytest.mark.parametrize("form", ["path", "url", "bytes", "pil"])
def test_an_image_may_be_anything_that_holds_one(
    form: str, platform: NamespacePlatform, server: LLMServer, tmp_path: Path
) -> None:
    """Paths, URLs of ours, bytes and PIL images all arrive as one PNG."""
    picture = Image.new("RGB", (2, 2), "red")
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG")
    path = tmp_path / "picture.png"
    path.write_bytes(buffer.getvalue())
    given = {"path": str(path), "url": path.as_uri(), "bytes": buffer.getvalue(), "pil": picture}[form]
    asyncio.run(Container(platform).llm.generate("Describe.", images=[given], provider="openai"))
    sent = server.last["messages"][0]["content"][1]["image_url"]["url"]
    assert sent.startswith("data:image/png;base64,")


def test_something_else_is_no_image(platform: NamespacePlatform) -> None:
    """A number among the images is refused before anything is sent."""
    with pytest.raises(InvalidPackage, match="image"):
        asyncio.run(Container(platform).llm.generate("Describe.", images=[7], provider="openai"))


def test_secrets_are_read_and_listed(platform: NamespacePlatform) -> None:
    """`await container.secrets.get` gives the value, `.list` the names, an unknown one says how to set it."""
    secrets = Container(platform).secrets
    assert asyncio.run(secrets.get("OPENAI_API_KEY")) == "sk-openai"
    assert asyncio.run(secrets.list()) == ["ANTHROPIC_API_KEY", "GOOGLE_API_KEY", "OPENAI_API_KEY"]
    with pytest.raises(NotFound, match="mixpeek secrets set MISSING"):
        asyncio.run(secrets.get("MISSING"))


def test_what_was_handed_out_is_known(platform: NamespacePlatform, server: LLMServer) -> None:
    """Secrets that a step asked for, and keys that a provider was called with, are in use; others are not."""
    del server
    assert platform.secrets_in_use() == ()
    asyncio.run(Container(platform).llm.generate("Hello.", provider="openai"))
    platform.secret("GOOGLE_API_KEY")
    assert platform.secrets_in_use() == ("sk-openai", "sk-google")


def test_handles_exist_while_a_package_is_described() -> None:
    """Without a platform they can be put into a config; calling one says why it cannot run."""
    container = Container()
    config = {"llm_service": container.llm, "secrets": container.secrets}
    with pytest.raises(InvalidPackage, match="no step is running"):
        asyncio.run(config["llm_service"].generate("Hello."))  # type: ignore[attr-defined]


def test_a_handle_that_was_pickled_uses_the_platform_of_the_step(platform: NamespacePlatform) -> None:
    """A config with handles in it survives a pickle, and works wherever a step runs."""
    handle = pickle.loads(pickle.dumps(Container().secrets))
    with use_platform(platform):
        assert current_platform() is platform
        assert asyncio.run(handle.get("OPENAI_API_KEY")) == "sk-openai"


def test_an_unknown_service_is_absent() -> None:
    """`hasattr` sees that it is not there; asking for it lists what there is."""
    assert not hasattr(Container(), "billing")
    with pytest.raises(InvalidPackage, match="llm, secrets, inference and models"):
        _ = Container().billing


def test_requests_and_answers_cross_a_pipe() -> None:
    """Both are plain values that come back equal."""
    request = LLMRequest("i", "t", ("data:image/png;base64,AA==",), "openai", "m", {"type": "object"})
    answer = LLMAnswer({"a": 1}, "t", "openai", "m", 1, 2, None)
    assert LLMRequest.from_dict(request.as_dict()) == request
    assert LLMAnswer.from_dict(answer.as_dict()) == answer
