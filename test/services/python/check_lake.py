"""Checks every object below a folder against the rules of a Security Lake custom source, by pyarrow.

The rules are those of Amazon's documentation for custom sources (path, one class an object, order, sizes) and
of its OCSF validator as far as they need no OCSF schema (types of time and unmapped, fixed captions).
JSON Schema validation of the records is the unit tests' work.

Usage: check_lake.py [--json] FOLDER      exits 1 when a rule is broken
"""

import argparse
import datetime
import json
import pathlib
import re
import sys

import pyarrow as pa
import pyarrow.parquet as pq
from read_parquet import codecs, read_rows

KEY = re.compile(
    r"(?P<prefix>(?:[^/]+/)*ext/[a-z0-9_.:-]{1,20}(?:/[A-Za-z0-9._-]{1,32})?)"
    r"/region=(?P<region>[a-z]{2}(?:-[a-z]+)+-\d)"
    r"/accountId=(?P<account>\d{12}|external(?:_[^/]+)?)"
    r"/eventDay=(?P<day>\d{8})"
    r"/(?P<name>[^/_.][^/]*\.parquet)$"
)
PARTITION_COLUMNS = {"region", "accountid", "eventday"}
VERSIONS = {"1.0.0-rc.2", "1.1.0", "1.2.0", "1.3.0"}
CLASSES = {2001: "Security Finding", 2004: "Detection Finding"}
MEBIBYTE = 1024 * 1024


def day_of(milliseconds):
    """The UTC day of an epoch time, as the key spells it."""
    moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=milliseconds)
    return moment.strftime("%Y%m%d")


def check_schema(schema):
    """What the columns must be, whatever is in them."""
    names = {field.name for field in schema}
    for name in sorted(names):
        if name.lower() in PARTITION_COLUMNS:
            yield f"column {name} has the name of a partition key"
    for name in ("time", "class_uid", "metadata", "unmapped"):
        if name not in names:
            yield f"no column {name}"
    if "time" in names and schema.field("time").type != pa.int64():
        yield f"time is {schema.field('time').type}, not a plain int64 of milliseconds"
    if "time_dt" in names and schema.field("time_dt").type != pa.timestamp("ms", tz="UTC"):
        yield f"time_dt is {schema.field('time_dt').type}, not timestamp[ms, tz=UTC]"
    if "unmapped" in names and not pa.types.is_map(schema.field("unmapped").type):
        yield f"unmapped is {schema.field('unmapped').type}, not a map"


def check_layout(metadata):
    """Codec and sizes, from the footer."""
    if metadata.num_rows == 0:
        yield "no rows"
    used = codecs(metadata)
    if used not in (["ZSTD"], []):
        yield f"compressed with {', '.join(used)}, not ZSTD throughout"
    for index in range(metadata.num_row_groups):
        group = metadata.row_group(index)
        columns = [group.column(column) for column in range(group.num_columns)]
        compressed = sum(column.total_compressed_size for column in columns)
        if compressed > 256 * MEBIBYTE:
            yield f"row group {index} has {compressed} compressed bytes, more than 256 MiB"
        for column in columns:
            if not column.is_stats_set:
                yield f"row group {index}: column {column.path_in_schema} has no statistics"


def check_record(record, day):
    """What one row must be."""
    class_uid = record.get("class_uid")
    if class_uid not in CLASSES:
        yield f"class_uid {class_uid}"
    elif record.get("class_name") not in (None, CLASSES[class_uid]):
        yield f"class_name {record['class_name']!r} of class {class_uid}"
    if record.get("category_uid") != 2:
        yield f"category_uid {record.get('category_uid')}"
    if record.get("category_name") != "Findings":
        yield f"category_name {record.get('category_name')!r}"
    if record.get("activity_id") is None:
        yield "no activity_id"
    elif record.get("type_uid") != (class_uid or 0) * 100 + record["activity_id"]:
        yield f"type_uid {record.get('type_uid')} is not class_uid * 100 + activity_id"
    version = (record.get("metadata") or {}).get("version")
    if version not in VERSIONS:
        yield f"metadata.version {version!r}"
    time = record.get("time")
    if time is None:
        yield "no time"
    elif day_of(time) != day:
        yield f"time {time} is of {day_of(time)}, the key says {day}"
    for field in ("severity_id", "finding_info" if class_uid == 2004 else "finding"):
        if record.get(field) is None:
            yield f"no {field}"


def check_rows(rows, day):
    """What the rows must be together: one class, one version, ordered by time."""
    last, classes, versions = None, set(), set()
    for index, record in enumerate(rows):
        for violation in check_record(record, day):
            yield f"row {index}: {violation}"
        classes.add(record.get("class_uid"))
        versions.add((record.get("metadata") or {}).get("version"))
        time = record.get("time")
        if last is not None and time is not None and time < last:
            yield f"row {index}: not ordered by time"
        last = time if time is not None else last
    if len(classes) > 1:
        yield f"several classes: {sorted(map(str, classes))}"
    if len(versions) > 1:
        yield f"several OCSF versions: {sorted(map(str, versions))}"


def check_file(path, key):
    """Every broken rule of one object."""
    match = KEY.fullmatch(key)
    if match is None:
        yield "the key is not ext/{source}[/{version}]/region=/accountId=/eventDay=/{name}.parquet"
    file = pq.ParquetFile(path)
    wrong_columns = list(check_schema(file.schema_arrow))
    yield from wrong_columns
    yield from check_layout(file.metadata)
    if wrong_columns:
        return  # rows of wrong types cannot be looked at
    yield from check_rows(read_rows(file), match["day"] if match else None)


def check_lake(root):
    """Every broken rule below a folder, and that all objects of a source share one schema."""
    schemas = {}
    found = sorted(root.rglob("*"))
    files = [path for path in found if path.is_file()]
    if not files:
        yield "no objects"
    for path in files:
        key = path.relative_to(root).as_posix()
        if path.suffix != ".parquet":
            yield f"{key}: not a Parquet file"
            continue
        yield from (f"{key}: {violation}" for violation in check_file(path, key))
        source = key.split("/region=")[0]
        schema = pq.ParquetFile(path).schema.to_arrow_schema().remove_metadata()
        if schemas.setdefault(source, schema) != schema:
            yield f"{key}: another schema than the first object of {source}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help='print {"violations": [...]} and exit 0')
    parser.add_argument("folder", type=pathlib.Path)
    options = parser.parse_args()
    violations = list(check_lake(options.folder))
    if options.json:
        print(json.dumps({"violations": violations}))
        return
    for violation in violations:
        print(violation)
    sys.exit(1 if violations else 0)


if __name__ == "__main__":
    main()
