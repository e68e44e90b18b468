"""What earlier versions left behind: `<version>.tar.xz` is the template, the functions and the layer's package of a version that was released."""

import tarfile
from pathlib import Path

RELEASES = sorted(Path(__file__).parent.glob("*.tar.xz"))


def version(release: Path) -> str:
    return release.name.removesuffix(".tar.xz")


def unpack(release: Path, folder: Path) -> Path:
    with tarfile.open(release) as packed:
        packed.extractall(folder, filter="data")
    return folder
