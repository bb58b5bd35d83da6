"""check_lake.py must find what is wrong: each case breaks one rule of a lake that is right."""

import pathlib
import tempfile
import unittest

import pyarrow as pa
import pyarrow.parquet as pq
from check_lake import check_lake

KEY = "ext/falco/region=us-east-1/accountId=123456789012/eventDay=20250301/a.parquet"
TIME = 1740830400000  # 2025-03-01T12:00:00Z

COLUMNS = {
    "time": pa.int64(),
    "time_dt": pa.timestamp("ms", tz="UTC"),
    "class_uid": pa.int32(),
    "class_name": pa.string(),
    "category_uid": pa.int32(),
    "category_name": pa.string(),
    "activity_id": pa.int32(),
    "type_uid": pa.int64(),
    "severity_id": pa.int32(),
    "metadata": pa.struct([("version", pa.string())]),
    "finding_info": pa.struct([("title", pa.string())]),
    "unmapped": pa.map_(pa.string(), pa.string()),
}


def row(**changes):
    """A record that is right but for the changes."""
    return {
        "time": TIME,
        "time_dt": TIME,
        "class_uid": 2004,
        "class_name": "Detection Finding",
        "category_uid": 2,
        "category_name": "Findings",
        "activity_id": 1,
        "type_uid": 200401,
        "severity_id": 1,
        "metadata": {"version": "1.1.0"},
        "finding_info": {"title": "x"},
        "unmapped": [("proc.name", "sh")],
        **changes,
    }


class CheckLake(unittest.TestCase):
    def violations(self, rows=None, key=KEY, columns=None, **options):
        columns = {**COLUMNS, **(columns or {})}
        rows = [row()] if rows is None else rows
        arrays = [pa.array([each.get(name) for each in rows], kind) for name, kind in columns.items()]
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            path = root / key
            path.parent.mkdir(parents=True)
            table = pa.Table.from_arrays(arrays, names=list(columns))
            pq.write_table(table, path, **{"compression": "zstd", **options})
            return "\n".join(check_lake(root))

    def test_right(self):
        self.assertEqual(self.violations([row(), row(time=TIME + 1)]), "")

    def test_wrong_rows(self):
        cases = {
            "not ordered by time": [row(), row(time=TIME - 1)],
            "the key says 20250301": [row(time=TIME + 86_400_000)],
            "several classes": [row(), row(class_uid=2001, class_name="Security Finding", type_uid=200101)],
            "several OCSF versions": [row(), row(metadata={"version": "1.3.0"})],
            "metadata.version '1.9.0'": [row(metadata={"version": "1.9.0"})],
            "class_name 'Finding'": [row(class_name="Finding")],
            "category_name None": [row(category_name=None)],
            "type_uid 200402": [row(type_uid=200402)],
            "no finding_info": [row(finding_info=None)],
            "no rows": [],
        }
        for sentence, rows in cases.items():
            with self.subTest(sentence):
                self.assertIn(sentence, self.violations(rows))

    def test_wrong_columns(self):
        self.assertIn("time is timestamp", self.violations(columns={"time": pa.timestamp("ms", tz="UTC")}))
        self.assertIn("time_dt is timestamp[us", self.violations(columns={"time_dt": pa.timestamp("us", tz="UTC")}))
        self.assertIn("unmapped is string", self.violations([row(unmapped="{}")], columns={"unmapped": pa.string()}))
        self.assertIn("column accountId", self.violations(columns={"accountId": pa.string()}))

    def test_wrong_keys(self):
        for key in (
            KEY.replace("accountId", "accountid"),
            KEY.replace("123456789012", "12345"),
            KEY.replace("/a.parquet", "/_a.parquet"),
            "/".join(KEY.split("/")[1:]),
        ):
            with self.subTest(key):
                self.assertIn("the key is not ext/", self.violations(key=key))

    def test_wrong_layout(self):
        self.assertIn("compressed with SNAPPY", self.violations(compression="snappy"))
        self.assertIn("has no statistics", self.violations(write_statistics=False))


if __name__ == "__main__":
    unittest.main()
