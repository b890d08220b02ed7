"""Says that a model could not be had, where a step fails with it: no row is to blame, and no smaller batch would help."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Final

from mixpeek_orchestration.core.errors import InvalidPackage

if TYPE_CHECKING:
    import pandas as pd

# Told by name: a package that has nothing to do with the hub does not import its client for this.
_OF_THE_HUB: Final = frozenset({"LocalEntryNotFoundError", "OfflineModeIsEnabled"})


def naming_missing_weights(
    process: Callable[[pd.DataFrame], pd.DataFrame], *, name: str
) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """`process`, raising `InvalidPackage` where a model is neither on this machine nor to be had from the hub. As the
    error of a row it would be tried again for every row of the batch, a minute of retries each."""

    def run(batch: pd.DataFrame) -> pd.DataFrame:
        try:
            return process(batch)
        except Exception as error:
            if not _is_missing_model(error):
                raise
            raise InvalidPackage(
                f"{name} got no model: {error}",
                field=name,
                value=type(error).__name__,
                fix="Check the model's name and the network, or download it first with prefetch_hf_model in setup().",
            ) from error

    return run


def _is_missing_model(error: BaseException) -> bool:
    return not isinstance(error, InvalidPackage) and any(
        type(one).__name__ in _OF_THE_HUB for one in _chain(error)
    )


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error and what it was raised from."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__
