"""cryo at work: all logs of a range to Parquet. Run by `peers.py` in cryo's own environment."""

import json
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import cryo
import polars as pl

url, blocks = sys.argv[1], int(sys.argv[2])
with tempfile.TemporaryDirectory() as folder:
    begun, cpu = time.perf_counter(), time.process_time()
    cryo.freeze(
        "logs",
        blocks=[f"1:{blocks + 1}"],
        rpc=url,
        output_dir=folder,
        inner_request_size=20,
        chunk_size=1_000,
        max_concurrent_requests=8,
        no_verbose=True,
    )
    seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
    frame = pl.concat([pl.read_parquet(file) for file in Path(folder).glob("*.parquet")])
    counts = Counter("0x" + address.hex() for address in frame["address"].to_list())
print(json.dumps({"seconds": seconds, "cpu_seconds": cpu, "logs": counts}))
