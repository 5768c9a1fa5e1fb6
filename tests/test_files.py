"""Small files, written whole or not at all."""

from __future__ import annotations

import threading
from pathlib import Path

from core.base.files import write_whole


def test_threads_that_write_the_same_file_leave_one_of_theirs_whole(tmp_path: Path) -> None:
    path = tmp_path / "facts.json"
    errors: list[BaseException] = []
    start = threading.Barrier(8)

    def write(number: int) -> None:
        start.wait()
        try:
            for _ in range(100):
                write_whole(path, bytes([number]) * 10_000)
        except BaseException as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    data = path.read_bytes()
    assert len(data) == 10_000
    assert len(set(data)) == 1
    assert list(tmp_path.iterdir()) == [path]
