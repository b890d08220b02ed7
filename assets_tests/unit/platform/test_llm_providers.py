"""The LLM client, over the real wire protocols of the providers."""

from __future__ import annotations

import base64
import socket
from collections.abc import Callable
from typing import Any

import pytest

from assets_tests.unit.platform.llm_server import LLMServer, Reply
from mixpeek_orchestration.core.errors import InvalidPackage, ItemFailure, TransientItemFailure
from mixpeek_orchestration.core.ports.platform import LLMRequest
from mixpeek_orchestration.extractors.llm.client import LLMClient

PROVIDERS = ["openai", "anthropic", "google"]
ENTITIES = {"type": "object", "properties": {"entities": {"type": "array"}}, "required": ["entities"]}
PIXEL = "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n").decode()
Make = Callable[..., LLMClient]


@pytest.mark.parametrize("provider", [*PROVIDERS, "local"])
def test_a_text_is_asked_and_answered(provider: str, client: Make) -> None:
    """Every provider gets instruction and text, and answers with text and its count of tokens."""
    answer = client().generate(LLMRequest("Repeat.", "some text", provider=provider, model="a-model"))
    assert (answer.data, answer.text) == ("Repeat.\n\nsome text",) * 2
    assert (answer.provider, answer.tokens, answer.cached) == (provider, 1100, False)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_structured_answer_is_parsed(provider: str, client: Make, server: LLMServer) -> None:
    """The documented schema, which leaves the items of its array open, reaches every provider, and data comes back."""
    server.says(Reply(data={"entities": ["Ada"]}))
    answer = client().generate(LLMRequest("Extract.", "Ada", provider=provider, schema=ENTITIES))
    assert answer.data == {"entities": ["Ada"]}
    assert '"entities"' in answer.text
    assert "entities" in str(server.last)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_schema_of_no_object_is_answered(provider: str, client: Make, server: LLMServer) -> None:
    """Providers that take objects only get one with a single field; the caller gets what was asked for."""
    labels = {"type": "array", "items": {"$ref": "#/$defs/Label"}, "$defs": {"Label": {"type": "string"}}}
    server.says(Reply(data=["x"] if provider == "google" else {"answer": ["x"]}))
    assert client().generate(LLMRequest("Label.", provider=provider, schema=labels)).data == ["x"]


def test_what_is_no_schema_is_refused_before_it_is_paid(client: Make, server: LLMServer) -> None:
    """The error names the place in the schema; nothing is asked."""
    with pytest.raises(InvalidPackage, match="not a JSON schema") as refused:
        client().generate(LLMRequest("x", provider="openai", schema={"properties": {"a": {"type": "text"}}}))
    assert refused.value.field == "schema.properties.a.type"
    assert not server.calls


def test_a_schema_makes_nobody_fetch(client: Make, server: LLMServer) -> None:
    """A reference to a URL is refused; a jailed package could reach our own ports with it."""
    server.says(Reply(data={}))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        remote = {"$ref": f"http://127.0.0.1:{listener.getsockname()[1]}/schema"}
        with pytest.raises(InvalidPackage, match="not in it"):
            client().generate(LLMRequest("x", provider="openai", schema=remote))
        listener.setblocking(False)
        with pytest.raises(BlockingIOError):
            listener.accept()


def test_limits_have_the_name_of_their_server(client: Make, server: LLMServer) -> None:
    """OpenAI has renamed `max_tokens`; compatible servers have not."""
    for provider in ("openai", "local"):
        client().generate(LLMRequest("x", provider=provider, model="m", max_tokens=5))
    assert [body.get("max_completion_tokens") or body["max_tokens"] for _, body, _ in server.calls] == [5, 5]
    assert "max_completion_tokens" not in server.last


@pytest.mark.parametrize("provider", PROVIDERS)
def test_keys_travel_in_the_header_of_the_provider(provider: str, client: Make, server: LLMServer) -> None:
    """The key is sent where the provider reads it, and nowhere in the body."""
    client().generate(LLMRequest("Hello.", provider=provider))
    _, body, headers = server.calls[-1]
    header = {"openai": "authorization", "anthropic": "authorization", "google": "x-goog-api-key"}[provider]
    assert headers[header].removeprefix("Bearer ") == f"sk-{provider}"
    assert "sk-" not in str(body)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_images_are_sent_as_content(provider: str, client: Make, server: LLMServer) -> None:
    """A picture travels as base64 with its type."""
    client().generate(LLMRequest("Describe.", images=(PIXEL,), provider=provider))
    assert PIXEL.partition(",")[2] in str(server.last)
    assert "image/png" in str(server.last)


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("status", [429, 503])
def test_a_passing_refusal_is_tried_again(
    provider: str, status: int, client: Make, server: LLMServer
) -> None:
    """After one refusal that passes the answer comes; the caller sees nothing of it."""
    server.says(Reply(status=status))
    assert client().generate(LLMRequest("Hello.", provider=provider)).data == "Hello."
    assert len(server.calls) == 2


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_lasting_overload_is_transient(provider: str, client: Make, server: LLMServer) -> None:
    """When retries are spent the row may be tried again later; the error names provider and status."""
    server.says(*[Reply(status=429)] * 3)
    with pytest.raises(TransientItemFailure, match=f"{provider} answered 429"):
        client().generate(LLMRequest("Hello.", provider=provider))
    assert len(server.calls) == 3


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_wrong_key_is_not_tried_again(provider: str, client: Make, server: LLMServer) -> None:
    """A refusal that cannot pass fails at once, says how to set the key, and shows no key."""
    server.says(Reply(status=401))
    with pytest.raises(ItemFailure, match="401") as refused:
        client().generate(LLMRequest("Hello.", provider=provider))
    assert not isinstance(refused.value, TransientItemFailure)
    assert "mixpeek secrets set" in str(refused.value)
    assert f"sk-{provider}" not in str(refused.value)
    assert len(server.calls) == 1


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (Reply("not JSON at all"), "it is not JSON"),
        (Reply('{"entities": "none"}'), "entities breaks the rule 'type'"),
        (Reply('{"entities": [', cut_off=True), "it was cut off"),
    ],
)
def test_an_answer_that_breaks_its_schema_is_refused(
    reply: Reply, why: str, client: Make, server: LLMServer
) -> None:
    """Malformed, wrong and unfinished JSON fail the row as transient; the next call asks the model again."""
    server.says(reply, Reply(data={"entities": []}))
    asking, request = client(), LLMRequest("Extract.", provider="openai", schema=ENTITIES)
    with pytest.raises(TransientItemFailure, match=why):
        asking.generate(request)
    assert asking.generate(request).data == {"entities": []}


def test_a_fenced_answer_is_json(client: Make, server: LLMServer) -> None:
    """Models put JSON between Markdown fences; it is read all the same."""
    server.says(Reply('```json\n{"entities": [1]}\n```'))
    assert client().generate(LLMRequest("x", provider="local", model="m", schema=ENTITIES)).data == {
        "entities": [1]
    }


def test_the_same_request_is_answered_from_the_cache(client: Make, server: LLMServer) -> None:
    """The second call costs nothing and says so; another client over the same folder finds it too."""
    request = LLMRequest("Hello.", provider="openai", model="gpt-4o-mini")
    first = client().generate(request)
    second = client().generate(request)
    assert (first.cached, second.cached) == (False, True)
    assert (second.data, second.cost_usd, second.tokens) == (first.data, 0.0, first.tokens)
    assert len(server.calls) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"text": "b"},
        {"model": "gpt-4o"},
        {"system": "s"},
        {"temperature": 0.5},
        {"schema": {}},
        {"images": (PIXEL,)},
    ],
)
def test_another_request_is_asked_again(changed: dict[str, Any], client: Make, server: LLMServer) -> None:
    """Everything that could change the answer is part of the cache's key."""
    same = {"instruction": "1", "text": "a", "provider": "openai", "model": "gpt-4o-mini"}
    server.says(Reply("1"), Reply("2"))
    client().generate(LLMRequest(**same))
    client().generate(LLMRequest(**(same | changed)))
    assert len(server.calls) == 2


def test_namespaces_do_not_share_answers(client: Make, server: LLMServer, tmp_path: Any) -> None:
    """An answer may quote a document of another tenant, so it stays with its namespace."""
    from assets_tests.unit.platform.conftest import KEYS, config_for
    from mixpeek_orchestration.extractors.llm.cache import ResponseCache

    request = LLMRequest("Hello.", provider="openai")
    client().generate(request)
    other = LLMClient(
        config_for(server), ResponseCache(tmp_path / "answers"), key=KEYS.get, namespace_id="ns_2"
    )
    assert not other.generate(request).cached


def test_a_call_without_cache_is_always_asked(client: Make, server: LLMServer) -> None:
    """`use_cache=False` asks the model however often it answered before."""
    for _ in range(2):
        assert not client().generate(LLMRequest("Hello.", provider="openai", use_cache=False)).cached
    assert len(server.calls) == 2


def test_old_answers_are_asked_again_and_pruned(tmp_path: Any) -> None:
    """Past its age an answer counts as absent; pruning removes it, and nothing that is younger."""
    from mixpeek_orchestration.core.ports.platform import LLMAnswer
    from mixpeek_orchestration.extractors.llm.cache import ResponseCache

    cache = ResponseCache(tmp_path, max_age_days=-1)
    key = cache.key({"a": 1})
    cache.put(key, LLMAnswer("x", "x", "p", "m"))
    assert cache.get(key) is None
    assert cache.prune() == 1
    cache.put(key, LLMAnswer("x", "x", "p", "m"))
    assert ResponseCache(tmp_path).prune() == 0
    assert ResponseCache(tmp_path).get(key) is not None


@pytest.mark.parametrize(
    ("provider", "model", "cost"),
    [
        ("openai", "gpt-4o-mini", 0.00021),
        ("anthropic", "claude-sonnet-4-20250514", 0.0045),
        ("google", "gemini-2.5-flash", 0.00055),
        ("openai", "a-model-nobody-sells", None),
        ("local", "llama", None),
    ],
)
def test_a_call_has_the_price_of_the_table(
    provider: str, model: str, cost: float | None, client: Make
) -> None:
    """1,000 tokens in and 100 out cost what the maintained table says; an unknown price is `None`, never 0."""
    answer = client().generate(LLMRequest("Hello.", provider=provider, model=model))
    assert answer.cost_usd == (None if cost is None else pytest.approx(cost))


def test_prices_of_the_settings_go_before_the_table(client: Make) -> None:
    """Dollars per million tokens can be given for any provider and model."""
    asking = client(prices={"local/llama": (1.0, 2.0)})
    assert asking.generate(LLMRequest("x", provider="local", model="llama")).cost_usd == pytest.approx(0.0012)


def test_vertex_speaks_generate_content_for_a_project(server: LLMServer, tmp_path: Any) -> None:
    """With a key of its express mode, Vertex AI is asked at its own path."""
    from assets_tests.unit.platform.conftest import config_for
    from mixpeek_orchestration.extractors.llm.cache import ResponseCache

    keys = {"VERTEX_API_KEY": "express"}
    asking = LLMClient(config_for(server), ResponseCache(tmp_path), key=keys.get)
    assert asking.generate(LLMRequest("Hello.", provider="vertex")).data == "Hello."
    assert server.calls[-1][0].startswith(
        "/v1beta1/publishers/google/models/gemini-2.5-flash:generateContent"
    )


def test_an_unknown_provider_names_the_known_ones(client: Make) -> None:
    """A provider without a base URL is refused before anything is sent."""
    with pytest.raises(InvalidPackage, match="MIXPEEK_LLM_BASE_URLS"):
        client().generate(LLMRequest("Hello.", provider="nobody"))


def test_a_missing_key_says_how_to_set_it(server: LLMServer, tmp_path: Any) -> None:
    """Without a key nothing is sent."""
    from assets_tests.unit.platform.conftest import config_for
    from mixpeek_orchestration.extractors.llm.cache import ResponseCache

    asking = LLMClient(config_for(server), ResponseCache(tmp_path), key=lambda _: None)
    with pytest.raises(InvalidPackage, match="mixpeek secrets set OPENAI_API_KEY"):
        asking.generate(LLMRequest("Hello.", provider="openai"))
    assert not server.calls


def test_a_server_that_is_not_there_is_transient(tmp_path: Any) -> None:
    """A refused connection may pass; the error says that the provider could not be reached."""
    from mixpeek_orchestration.extractors.llm.cache import ResponseCache
    from mixpeek_orchestration.extractors.llm.client import LLMConfig

    config = LLMConfig(base_urls={"gone": "http://127.0.0.1:9/v1"}, retries=0)
    asking = LLMClient(config, ResponseCache(tmp_path), key=lambda _: None)
    with pytest.raises(TransientItemFailure, match="gone could not be reached"):
        asking.generate(LLMRequest("Hello.", provider="gone", model="m"))
