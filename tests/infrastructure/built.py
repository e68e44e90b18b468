"""The artifacts that Lambda would get, and a process that has nothing else: the folders of `sam build`, or the same made with this Python."""

import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from tests.sandbox.local.template import load

ROOT = Path(__file__).parents[2]
LAYER = "StoresyncLayer"
FUNCTIONS = {
    Path(resource["Properties"]["CodeUri"]).name: name
    for name, resource in load(ROOT / "template.yaml")["Resources"].items()
    if resource["Type"] == "AWS::Serverless::Function"
}
# What Lambda's runtime brings, and nothing of it belongs into an artifact.
RUNTIME = (
    "awslambdaric", "boto3", "botocore", "jmespath", "python-dateutil", "s3transfer", "simplejson", "six", "snapshot-restore-py", "urllib3",
)  # fmt: skip


@dataclass(frozen=True)
class Built:
    """`folder` holds one folder per function and the layer's, `runtime` the packages of RUNTIME, `python` the interpreter they are for."""

    folder: Path
    runtime: Path
    python: Path
    tag: str

    @property
    def layer(self) -> Path:
        return self.folder / LAYER / "python"

    def artifact(self, function: str) -> Path:
        return self.folder / FUNCTIONS[function]


def by_sam() -> Built:
    """What `sam build` left in .aws-sam, beside the environment of the runtime's own minor version."""
    environment = ROOT / os.environ["RUNTIME_VENV"]
    return Built(ROOT / ".aws-sam" / "build", environment / "runtime", environment / "bin" / "python", "cpython-313")


def by_hand(folder: Path) -> Built:
    """The steps of `sam build` with the Python that runs the tests: both makefiles, and a copy of what has none."""
    for function, logical_id in FUNCTIONS.items():
        source = shutil.copytree(ROOT / "functions" / function, folder / "source" / function, ignore=shutil.ignore_patterns("__pycache__"))
        if (source / "Makefile").exists():
            _make(source, logical_id, folder)
        else:
            source.rename(folder / logical_id)
    _make(ROOT / "shared", LAYER, folder)
    return Built(folder, _runtime(folder / "runtime"), Path(sys.executable), str(sys.implementation.cache_tag))


def _make(source: Path, logical_id: str, folder: Path) -> None:
    minor = f"{sys.version_info.major}.{sys.version_info.minor}"
    command = [
        "make",
        "--silent",
        f"build-{logical_id}",
        f"ARTIFACTS_DIR={folder / logical_id}",
        f"RUNTIME={minor}",
        f"COMPILER={sys.executable}",
    ]
    done = subprocess.run(command, cwd=source, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _runtime(folder: Path) -> Path:
    folder.mkdir()
    for name in RUNTIME:
        packaged = metadata.distribution(name)
        for top in {file.parts[0] for file in packaged.files or () if file.parts[0] not in ("..", "__pycache__")}:
            (folder / top).symlink_to(packaged.locate_file(top))
    return folder


def without(built: Built, package: str, folder: Path) -> Built:
    """The same, with a layer that lacks a package."""
    layer = folder / LAYER / "python"
    layer.mkdir(parents=True)
    for entry in built.layer.iterdir():
        if entry.name != package:
            (layer / entry.name).symlink_to(entry)
    for logical_id in FUNCTIONS.values():
        (folder / logical_id).symlink_to(built.folder / logical_id)
    return Built(folder, built.runtime, built.python, built.tag)


def zipped(folder: Path, archive: Path) -> int:
    """Bytes as they are sent to Lambda."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                packed.write(path, path.relative_to(folder))
    return archive.stat().st_size


def unpacked(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
