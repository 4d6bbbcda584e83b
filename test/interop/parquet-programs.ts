import type { Shown, Tool } from './parquet-columns.ts'
import type { Spelled } from './spelling.ts'

/** A file as a tool read it; its codecs and metadata are pyarrow's word, whatever the tool. */
export interface ShownFile {
  readonly columns: Readonly<Record<string, Shown>>
  readonly codecs: readonly string[]
  readonly metadata: Readonly<Record<string, string>>
  readonly fieldMetadata: Readonly<Record<string, string>>
}

export interface WriteRequest {
  readonly files: readonly {
    readonly path: string
    readonly compression: 'snappy' | 'zstd'
    readonly columns: readonly {
      readonly name: string
      readonly type: string
      /** What JavaScript's `typeof` says of its values. */
      readonly kind: string
      readonly values: readonly Spelled[]
    }[]
  }[]
  /** From where to where. */
  readonly copy: readonly [string, string]
  /** Of the schema and of the first column; for pyarrow only. */
  readonly metadata: Readonly<Record<string, string>>
  readonly fieldMetadata: Readonly<Record<string, string>>
}

const first = `
import json, sys
import pyarrow.parquet

def spell(value):
    if value is None or isinstance(value, (bool, str)):
        return value
    return value.hex() if isinstance(value, float) else str(value)

def meant(kind, values):
    make = {"bigint": int, "number": float.fromhex}.get(kind, lambda value: value)
    return [None if value is None else make(value) for value in values]

def text(metadata):
    return {key.decode(): value.decode() for key, value in (metadata or {}).items()}

def codecs(path):
    metadata = pyarrow.parquet.read_metadata(path)
    groups = [metadata.row_group(i) for i in range(metadata.num_row_groups)]
    return sorted({group.column(i).compression for group in groups for i in range(metadata.num_columns)})
`

const toolPrograms: Readonly<Record<Tool, string>> = {
  pyarrow: `
import re
import pyarrow as pa, pyarrow.parquet as pq

def typed(name):
    zoned = re.fullmatch(r"timestamp\\[(.+), tz=(.+)\\]", name)
    if zoned:
        return pa.timestamp(*zoned.groups())
    return pa.dictionary(pa.int32(), pa.string()) if name.startswith("dictionary") else pa.type_for_alias(name)

def stored(array):
    if pa.types.is_date32(array.type):
        return array.cast(pa.int32())
    return array.cast(pa.int64()) if pa.types.is_timestamp(array.type) else array

def read(path):
    table = pq.read_table(path)
    return {field.name: (str(field.type), stored(array).to_pylist()) for field, array in zip(table.schema, table.columns)}

def write(path, columns, compression, metadata, field_metadata):
    arrays = [pa.array(values, typed(kind)) for name, kind, values in columns]
    fields = [pa.field(name, array.type) for (name, kind, values), array in zip(columns, arrays)]
    fields[0] = fields[0].with_metadata(field_metadata)
    pq.write_table(pa.table(arrays, schema=pa.schema(fields, metadata)), path, compression=compression)

def copy(source, path):
    pq.write_table(pq.read_table(source), path)
`,
  polars: `
import polars as pl

def stored(series):
    return series.cast(pl.String) if series.dtype == pl.Categorical else series.to_physical()

def read(path):
    return {series.name: (str(series.dtype), stored(series).to_list()) for series in pl.read_parquet(path)}

def series(name, kind, values):
    dtype = eval(kind, vars(pl))
    plain = pl.Series(name, values, dtype=pl.Int64 if dtype.is_temporal() else dtype)
    return plain.cast(dtype)

def write(path, columns, compression, metadata, field_metadata):
    pl.DataFrame([series(*column) for column in columns]).write_parquet(path, compression=compression)

def copy(source, path):
    pl.read_parquet(source).write_parquet(path, compression="snappy")
`,
  DuckDB: `
import duckdb

database = duckdb.connect()
database.execute("set TimeZone = 'UTC'")
epoch = "date '1970-01-01'"

def stored(name, kind):
    if kind == "DATE":
        return f'"{name}" - {epoch}'
    if kind.startswith("TIMESTAMP"):
        return f'epoch_{"ns" if kind.endswith("_NS") else "us"}("{name}")'
    return f'"{name}"'

def read(path):
    kinds = [row[:2] for row in database.execute("describe select * from read_parquet(?)", [path]).fetchall()]
    rows = database.execute(f"select {', '.join(stored(*kind) for kind in kinds)} from read_parquet(?)", [path]).fetchall()
    return {name: (kind, [row[i] for row in rows]) for i, (name, kind) in enumerate(kinds)}

def made(kind):
    if kind == "DATE":
        return f"{epoch} + unnest(?::INTEGER[])"
    if kind.startswith("TIMESTAMP"):
        return f"make_timestamp{'_ns' if kind.endswith('_NS') else ''}(unnest(?::BIGINT[]))::{kind}"
    return f"unnest(?::{'VARCHAR' if kind.startswith('ENUM') else kind}[])::{kind}"

def write(path, columns, compression, metadata, field_metadata):
    selected = ", ".join(f'{made(kind)} as "{name}"' for name, kind, values in columns)
    database.execute(f"create or replace table made as select {selected}", [values for name, kind, values in columns])
    database.execute(f"copy made to '{path}' (format parquet, compression {compression})")

def copy(source, path):
    database.execute(f"copy (select * from read_parquet('{source}')) to '{path}' (format parquet)")
`
}

const reading = `
def shown(path):
    schema = pyarrow.parquet.read_schema(path)
    return {
        "columns": {name: {"type": kind, "values": [spell(value) for value in values]} for name, (kind, values) in read(path).items()},
        "codecs": codecs(path),
        "metadata": text(schema.metadata),
        "fieldMetadata": text(schema.field(0).metadata),
    }

print(json.dumps({path: shown(path) for path in sys.argv[1:]}))
`

const writing = `
with open(sys.argv[1]) as file:
    request = json.load(file)
for file in request["files"]:
    columns = [(column["name"], column["type"], meant(column["kind"], column["values"])) for column in file["columns"]]
    write(file["path"], columns, file["compression"], request["metadata"], request["fieldMetadata"])
copy(*request["copy"])
print(json.dumps({path: codecs(path) for path in [*(file["path"] for file in request["files"]), request["copy"][1]]}))
`

/** Takes paths of files, prints each as a `ShownFile` under its path. */
export const readingProgram = (tool: Tool): string => first + toolPrograms[tool] + reading

/** Takes the path of a `WriteRequest`, prints the codecs of each file that it wrote under its path. */
export const writingProgram = (tool: Tool): string => first + toolPrograms[tool] + writing
