"""The component by which any `dg` project declares resources of a warehouse, and shows them as assets."""

# No `from __future__ import annotations` here: Dagster resolves the annotations of a component itself.

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import dagster as dg
from dagster.components import DefsStateConfig, DefsStateConfigArgs, ResolvedDefsStateConfig
from dagster.components.component_scaffolding import scaffold_component
from dagster_shared.serdes.objects.models.defs_state_info import DefsStateManagementType

from mixpeek_orchestration.core.errors import InvalidInput
from mixpeek_orchestration.core.validation import validated
from mixpeek_orchestration.defs.addresses import Addresses
from mixpeek_orchestration.defs.location import build_definitions
from mixpeek_orchestration.defs.resources import WarehouseResource
from mixpeek_orchestration.settings import Settings
from mixpeek_orchestration.warehouse.declarations.manifest import Manifest

if TYPE_CHECKING:
    from mixpeek_orchestration.warehouse.warehouse import Warehouse

_FOLDER_STATE = DefsStateConfigArgs(
    management_type=DefsStateManagementType.LOCAL_FILESYSTEM, refresh_if_dev=False
)


def _as_written(context: dg.ResolutionContext, said: Any) -> Any:  # noqa: ARG001 - what Dagster calls it with
    """Specs are not rendered: `{{INPUT.query}}` is a template of the retriever, not one of Dagster."""
    return said


def _specs(what: str) -> dg.Resolver:
    return dg.Resolver(
        _as_written,
        model_field_type=list[dict[str, Any]],
        inject_before_resolve=False,
        description=f"{what}, written as in mixpeek.yaml.",
    )


class ResourcesScaffolder(dg.Scaffolder[Any]):
    """Writes `defs.yaml` with a bucket and its passages to start from, named after the folder."""

    def scaffold(self, request: dg.ScaffoldRequest[Any]) -> None:
        """The component's file in the folder asked for."""
        name = request.target_path.name
        passages = {
            "collection_name": f"{name}-passages",
            "source": {"type": "bucket", "bucket_ids": [name]},
            "feature_extractor": {
                "feature_extractor_name": "text_extractor",
                "version": "v1",
                "input_mappings": {"text": "text"},
            },
        }
        bucket = {"bucket_name": name, "bucket_schema": {"properties": {"text": {"type": "text"}}}}
        attributes = {"namespace": "default", "buckets": [bucket], "collections": [passages]}
        scaffold_component(request, attributes if request.scaffold_format == "yaml" else None)


class LeaselessWarehouse(WarehouseResource):
    """The warehouse in a project of somebody else: no reaper looks after its runs, and its steps may run side by side,
    so a run takes no lease."""

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["LeaselessWarehouse"]:
        """The resource as it is."""
        del context
        yield self


@dg.scaffold_with(ResourcesScaffolder)
@dataclass
class MixpeekResources(dg.StateBackedComponent, dg.Resolvable):
    """Buckets, collections and retrievers of a Mixpeek warehouse, as assets.

    They are registered with the warehouse that the `MIXPEEK_…` settings name when the state of this component is
    refreshed (`dg utils refresh-defs-state`), never while definitions load. Loading shows what was registered last.
    """

    namespace: Annotated[
        str, dg.Resolver.default(description="The namespace, by name or id; made when it is missing.")
    ] = "default"
    buckets: Annotated[list[dict[str, Any]], _specs("Buckets")] = field(default_factory=list)
    collections: Annotated[list[dict[str, Any]], _specs("Collections")] = field(default_factory=list)
    retrievers: Annotated[list[dict[str, Any]], _specs("Retrievers")] = field(default_factory=list)
    take_over: Annotated[
        bool,
        dg.Resolver.default(
            description="Own what another way of declaring owns so far, from the next refresh on."
        ),
    ] = False
    sensors: Annotated[
        bool,
        dg.Resolver.default(
            description="Launch submitted batches from this project. Only where no stack of Mixpeek runs on the same home."
        ),
    ] = False
    external: Annotated[
        bool | None,
        dg.Resolver.default(
            description="Show the resources as external assets, because another location of the same Dagster instance "
            "runs them. By default where DAGSTER_HOME is that of the stack of the home."
        ),
    ] = None
    defs_state: ResolvedDefsStateConfig = field(default_factory=lambda: _FOLDER_STATE)

    @property
    def manifest(self) -> Manifest:
        """What is declared; raises `InvalidInput` naming the field."""
        said = {
            "namespace": self.namespace,
            "buckets": self.buckets,
            "collections": self.collections,
            "retrievers": self.retrievers,
        }
        return validated(Manifest, said)

    @property
    def defs_state_config(self) -> DefsStateConfig:
        """Where the state is kept. It is never refreshed by a load, so the kind that is, is refused."""
        kind = self.defs_state.management_type
        if kind is DefsStateManagementType.LEGACY_CODE_SERVER_SNAPSHOTS:
            raise InvalidInput(
                "The state of MixpeekResources is not refreshed while definitions load.",
                field="defs_state.management_type",
                value=kind.value,
                fix="Use LOCAL_FILESYSTEM or VERSIONED_STATE_STORAGE, and run dg utils refresh-defs-state.",
            )
        key = self.defs_state.key or f"MixpeekResources[{self.namespace}]"
        return DefsStateConfig(key=key, management_type=kind, refresh_if_dev=False)

    def write_state_to_path(self, state_path: Path) -> None:
        """Register what is declared, and keep what Dagster shows of it. What is not declared any more stays."""
        from mixpeek_orchestration.bootstrap import open_warehouse, prepare_home
        from mixpeek_orchestration.warehouse.snapshots.snapshot import snapshot_text

        settings = Settings()
        prepare_home(settings)
        warehouse = open_warehouse(settings, local=True)
        try:
            state_path.write_text(
                snapshot_text(_registered(warehouse, self.manifest, take_over=self.take_over))
            )
        finally:
            warehouse.close()

    def build_defs_from_state(
        self, context: dg.ComponentLoadContext, state_path: Path | None
    ) -> dg.Definitions:
        """The assets and checks of what was registered last; nothing before that.

        Where another location of the instance runs them they are external: each key has one definition that can be
        materialized, and what the project derives from them hangs on that.
        """
        from mixpeek_orchestration.warehouse.snapshots.snapshot import snapshot_from

        del context
        if state_path is None:
            return dg.Definitions()
        settings = Settings()
        addresses = Addresses(f"http://{settings.host}:{settings.api_port}", settings.documents)
        snapshot = snapshot_from(state_path.read_text())
        whole = build_definitions(snapshot, snapshots=settings.snapshots, addresses=addresses)
        if self._is_external(settings):
            return dg.Definitions(assets=whole.resolve_all_asset_specs())
        return whole if self.sensors else _assets_of(whole)

    def _is_external(self, settings: Settings) -> bool:
        """Whether the stack runs the assets: as it was said, else by the instance in which this is loaded."""
        if self.external and self.sensors:
            raise InvalidInput(
                "What another location runs has its sensors there.",
                field="sensors",
                value="true",
                fix="Leave out sensors, or external.",
            )
        if self.external is not None:
            return self.external
        return not self.sensors and _instance_folder() == settings.root / "dagster"


def _instance_folder() -> Path | None:
    """Where the Dagster instance of this process keeps its configuration."""
    said = os.environ.get("DAGSTER_HOME")
    return Path(said).expanduser().resolve() if said else None


def _assets_of(whole: dg.Definitions) -> dg.Definitions:
    """The assets and checks alone, with the warehouse bound to them: the project's own resources keep their names."""
    resources = {"warehouse": LeaselessWarehouse()}
    executable = [one for one in whole.assets or () if isinstance(one, dg.AssetsDefinition)]
    others = [one for one in whole.assets or () if not isinstance(one, dg.AssetsDefinition)]
    return dg.Definitions(
        assets=[*dg.with_resources(executable, resources), *others],
        asset_checks=dg.with_resources(whole.asset_checks or (), resources),
    )


def _registered(warehouse: "Warehouse", manifest: Manifest, *, take_over: bool) -> Any:
    from mixpeek_orchestration.warehouse.declarations.changes import Order
    from mixpeek_orchestration.warehouse.snapshots.part import declared_part

    namespace_id = warehouse.ensure_namespace(manifest.namespace)
    warehouse.declarations.apply(namespace_id, manifest, Order("component", take_over=take_over))
    return declared_part(warehouse.publish(), namespace_id, manifest)
