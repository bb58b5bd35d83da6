"""Reads Parquet files with pyarrow and prints what it saw as JSON: schema, counts and, with --rows, the rows.

Usage: read_parquet.py [--rows] FILE_OR_FOLDER...
"""

import argparse
import json
import pathlib

import pyarrow as pa
import pyarrow.parquet as pq


def parquet_files(paths):
    """Every Parquet file among and below the paths, in the order of their names."""
    for path in map(pathlib.Path, paths):
        yield from sorted(path.rglob("*.parquet")) if path.is_dir() else [path]


def plain(value, type_):
    """A value of an Arrow column as JSON can say it: a map becomes an object, a timestamp ISO text."""
    if value is None:
        return None
    if pa.types.is_map(type_):
        return {key: plain(item, type_.item_type) for key, item in value}
    if pa.types.is_struct(type_):
        return {field.name: plain(value[field.name], field.type) for field in type_}
    if pa.types.is_list(type_) or pa.types.is_large_list(type_):
        return [plain(item, type_.value_type) for item in value]
    if pa.types.is_timestamp(type_):
        return value.isoformat()
    return value


def read_rows(file):
    """The file's rows as plain values."""
    for batch in file.iter_batches():
        for row in batch.to_pylist():
            yield {field.name: plain(row[field.name], field.type) for field in batch.schema}


def codecs(metadata):
    """The compression codecs of all column chunks."""
    return sorted(
        {
            metadata.row_group(group).column(column).compression
            for group in range(metadata.num_row_groups)
            for column in range(metadata.num_columns)
        }
    )


def summary(path, with_rows):
    """What pyarrow says of one file."""
    # One file, not a data set: the folders' eventDay=... must not become columns.
    file = pq.ParquetFile(path)
    metadata = file.metadata
    found = {
        "path": str(path),
        "rows": metadata.num_rows,
        "row_groups": metadata.num_row_groups,
        "created_by": metadata.created_by,
        "metadata": {
            key.decode(): value.decode("utf-8", "replace") for key, value in (metadata.metadata or {}).items()
        },
        "schema": {field.name: str(field.type) for field in file.schema_arrow},
        "codecs": codecs(metadata),
    }
    if with_rows:
        found["records"] = list(read_rows(file))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", action="store_true", help="print the rows too")
    parser.add_argument("paths", nargs="+")
    options = parser.parse_args()
    print(json.dumps([summary(path, options.rows) for path in parquet_files(options.paths)]))


if __name__ == "__main__":
    main()
