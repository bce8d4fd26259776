"""Where a drawing goes: an SVG file, or with the extra `pictures` a PNG file."""

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from watcher.core.drawing import HEIGHT, WIDTH, Drawing, svg
from watcher.errors import UsageError

_SCALE = 2
"""Pixels for each one of the drawing: screens have several."""

_ANCHORS = {"start": "ls", "middle": "ms", "end": "rs"}


def canvas(file: Path) -> Callable[[Drawing], None]:
    """Give what draws into a file; UsageError where its name or what is installed does not let it."""
    if file.suffix == ".svg":
        return lambda drawing: _write(file, svg(drawing).encode())
    if file.suffix != ".png":
        raise UsageError(f"--picture {file}: name a .svg or a .png file")
    try:
        pillow = [importlib.import_module(f"PIL.{name}") for name in ("Image", "ImageDraw", "ImageFont")]
    except ModuleNotFoundError:
        raise UsageError(
            f'--picture {file}: a .png needs Pillow, `pip install "watcher[pictures]"`, or name a .svg'
        ) from None
    return lambda drawing: _paint(file, drawing, *pillow)


def _write(file: Path, data: bytes) -> None:
    try:
        file.write_bytes(data)
    except OSError as error:
        raise UsageError(f"--picture {file} cannot be written: {error.strerror}") from None


def _paint(file: Path, drawing: Drawing, images: Any, pens: Any, fonts: Any) -> None:  # noqa: ANN401  # modules
    image = images.new("RGB", (WIDTH * _SCALE, HEIGHT * _SCALE), "white")
    pen = pens.Draw(image)
    font = fonts.load_default(size=14 * _SCALE)
    for line in drawing.lines:
        points = [(x * _SCALE, y * _SCALE) for x, y in line.points]
        pen.line(points, fill=line.colour, width=line.width * _SCALE, joint="curve")
    for word in drawing.words:
        at = (word.at[0] * _SCALE, word.at[1] * _SCALE)
        pen.text(at, word.text, fill=word.colour, font=font, anchor=_ANCHORS[word.anchor])
    try:
        image.save(file, "PNG")
    except OSError as error:
        raise UsageError(f"--picture {file} cannot be written: {error.strerror}") from None
