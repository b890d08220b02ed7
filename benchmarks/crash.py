"""The engine process killed with `kill -9` at random points: how much is extracted twice, and is the table right?

Every extraction of the `sleepy` package (5 ms a row) is written down by the package itself, so what was repeated is
counted and not estimated. The bound per kill is what was in flight (one chunk of the in-process runner) plus one
commit group.
"""

from __future__ import annotations

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from mixpeek_orchestration.bootstrap import open_warehouse, prepare_home
from mixpeek_orchestration.core.commit_group import CommitGroup
from mixpeek_orchestration.engine.chunks import CHUNK_S
from mixpeek_orchestration.settings import Settings
from mixpeek_orchestration.warehouse.specs import BucketSpec, CollectionSpec, ObjectSpec
from mixpeek_orchestration.warehouse.warehouse import Warehouse

PACKAGES = Path(__file__).parent / "packages"
SECONDS = 0.005


@dataclass(frozen=True)
class Campaign:
    """What came of one campaign. `contents` are the rows without the columns that name moments and code."""

    kills: int
    objects: int
    extractions: int
    most_repeated: int
    contents: list[tuple[object, ...]]

    @property
    def repeated_per_kill(self) -> float:
        return (self.extractions - self.objects) / self.kills if self.kills else 0.0


def home_settings(home: Path) -> Settings:
    return Settings(home=home, extractor_paths=str(PACKAGES))


def prepared(home: Path, *, objects: int, log: Path) -> str:
    """A home with a bucket of texts and a `sleepy` collection; the id of the collection."""
    settings = home_settings(home)
    prepare_home(settings)
    warehouse = open_warehouse(settings, local=True)
    namespace = warehouse.namespace_id("default")
    spec = BucketSpec(bucket_name="texts", bucket_schema={"properties": {"body": {"type": "text"}}})
    bucket = warehouse.buckets.create(namespace, spec)
    texts = [
        ObjectSpec(blobs=[{"property": "body", "data": f"text {n}" + "." * (n % 50)}], source_key=str(n))
        for n in range(objects)
    ]
    warehouse.objects.put_many(bucket, texts)
    extractor = {
        "feature_extractor_name": "sleepy",
        "version": "v1",
        "parameters": {"seconds": SECONDS, "log": str(log)},
    }
    collection = warehouse.collections.create(
        namespace,
        CollectionSpec(
            collection_name="slow",
            source={"type": "bucket", "bucket_ids": ["texts"]},
            feature_extractor=extractor,
        ),
    )
    warehouse.close()
    return collection.collection_id


def rows_of(warehouse: Warehouse, collection_id: str) -> list[tuple[object, ...]]:
    """The rows without ids of homes and moments, sorted: equal for equal inputs."""
    table = warehouse.collections.generation(warehouse.collections.by_id(collection_id)).table
    rows = warehouse.documents.read(table, columns=["text", "_position", "_input_fp", "sleepy_embedding"])
    return sorted(
        (r["text"], r["_position"], r["_input_fp"], tuple(r["sleepy_embedding"])) for r in rows.to_pylist()
    )


def engine(home: Path, collection_id: str) -> subprocess.Popen[bytes]:
    """A process that materializes the collection."""
    code = (
        "import sys; from pathlib import Path; from benchmarks.crash import home_settings;"
        "from mixpeek_orchestration.bootstrap import open_warehouse;"
        "open_warehouse(home_settings(Path(sys.argv[1])), local=True).materialize(sys.argv[2], None, run_id='crash')"
    )
    return subprocess.Popen([sys.executable, "-c", code, str(home), collection_id])


def run_campaign(folder: Path, *, objects: int, kills: int, seed: int = 0) -> Campaign:
    """Materialize, killing the process at `kills` random points of the work, until it ends by itself."""
    log = folder / "extractions.log"
    log.touch()
    collection_id = prepared(folder / "home", objects=objects, log=log)
    chance = random.Random(seed)
    points = sorted(chance.uniform(0, objects) for _ in range(kills))
    for point in points:
        process = engine(folder / "home", collection_id)
        if _wait_until(process, log, objects=point):
            process.send_signal(signal.SIGKILL)
        process.wait()
    last = engine(folder / "home", collection_id)
    if last.wait() != 0:
        raise SystemExit("the last run failed")
    extracted = Counter(log.read_text().split())
    warehouse = open_warehouse(home_settings(folder / "home"), local=True)
    contents = rows_of(warehouse, collection_id)
    warehouse.close()
    return Campaign(kills, objects, extracted.total(), max(extracted.values(), default=0), contents)


def _wait_until(process: subprocess.Popen[bytes], log: Path, *, objects: float) -> bool:
    """Wait until so many distinct objects were extracted; `False` when the process ended before."""
    while process.poll() is None:
        if len(set(log.read_text().split())) >= objects:
            return True
        time.sleep(0.002)
    return False


def bound(chunk: int = int(CHUNK_S / SECONDS)) -> int:
    """The most items that one kill may cost: a chunk in flight and a commit group of 2 s at 5 ms."""
    group = CommitGroup()
    return chunk + min(group.max_items, int(group.max_seconds / SECONDS) + chunk)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--kills", type=int, default=50)
    arguments.add_argument("--objects", type=int, default=5_000)
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as clean, tempfile.TemporaryDirectory() as crashed:
        reference = run_campaign(Path(clean), objects=chosen.objects, kills=0)
        campaign = run_campaign(Path(crashed), objects=chosen.objects, kills=chosen.kills)
    print(f"{chosen.objects} objects at 5 ms, {campaign.kills} kills")
    print(
        f"extractions {campaign.extractions}, repeated per kill {campaign.repeated_per_kill:.1f} (bound {bound()})"
    )
    print(f"final table equal to a clean one: {campaign.contents == reference.contents}")
    if campaign.contents != reference.contents or campaign.repeated_per_kill > bound():
        raise SystemExit(1)


if __name__ == "__main__":
    main()
