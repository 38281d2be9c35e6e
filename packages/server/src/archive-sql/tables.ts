/** What there is to ask: tables and views over the opened files and the manifest. */
import type { ArchivedFile } from '@chronicle/packer'
import type { DuckDBConnection } from '@duckdb/node-api'

/** Nanoseconds since the epoch, [from, to). */
export type TimeRange = { readonly from?: bigint | undefined; readonly to?: bigint | undefined }

/** Events of the files, those outside of `range` left out. `time` is `timestamp_ns` in microseconds, as a time with zone; the files have it as TIMESTAMP_NS. */
export function eventsView(paths: readonly string[], { from, to }: TimeRange): string {
  const columns = `epoch_ns(timestamp_ns) AS timestamp_ns, make_timestamptz(epoch_us(timestamp_ns)) AS time, event_type, app_bundle_id, window_title,
    data::JSON AS data, session_id, event_id`
  const bounds = [
    ...(from === undefined ? [] : [`timestamp_ns >= make_timestamp_ns(${from})`]),
    ...(to === undefined ? [] : [`timestamp_ns < make_timestamp_ns(${to})`]),
  ]
  const where = bounds.length === 0 ? '' : ` WHERE ${bounds.join(' AND ')}`
  return `CREATE VIEW events AS SELECT ${columns} FROM ${paths.length === 0 ? noEvents : parquet(paths)}${where}`
}

function parquet(paths: readonly string[]): string {
  return `read_parquet([${paths.map(textLiteral).join()}])`
}

const noEvents = `(SELECT make_timestamp_ns(0) AS timestamp_ns, '' AS event_type, '' AS app_bundle_id, '' AS window_title, '' AS data,
  '' AS session_id, '' AS event_id WHERE false)`

const quarantineColumns = {
  reason: 'VARCHAR',
  detail: 'VARCHAR',
  source: 'VARCHAR',
  position: 'BIGINT',
  row: 'BIGINT',
  at: 'TIMESTAMPTZ',
  content: 'VARCHAR',
}

/** Refused events; `content` is base64. */
export function quarantineView(paths: readonly string[]): string {
  const columns = Object.entries(quarantineColumns)
  const types = `{${columns.map(([name, type]) => `"${name}": ${textLiteral(type)}`).join()}}`
  const none = `(SELECT ${columns.map(([name, type]) => `NULL::${type} AS "${name}"`).join()} WHERE false)`
  const list = `[${paths.map(textLiteral).join()}]`
  const from = paths.length === 0 ? none : `read_json(${list}, columns = ${types}, format = 'newline_delimited')`
  return `CREATE VIEW quarantine AS SELECT * FROM ${from}`
}

const fileShape = {
  path: 'VARCHAR',
  kind: 'VARCHAR',
  rows: 'BIGINT',
  width: 'INTEGER',
  height: 'INTEGER',
  bytes: 'BIGINT',
  first_timestamp_ns: 'BIGINT',
  last_timestamp_ns: 'BIGINT',
  checksum: 'VARCHAR',
  algorithm: 'VARCHAR',
  key_id: 'VARCHAR',
  source_id: 'VARCHAR',
  source_from: 'BIGINT',
  source_to: 'BIGINT',
  created_at: 'TIMESTAMPTZ',
}

/** `files`: what the manifest says of each. */
export async function filesTable(connection: DuckDBConnection, files: readonly ArchivedFile[]): Promise<void> {
  const rows = files.map(file => ({
    path: file.path,
    kind: file.kind,
    rows: file.rows,
    width: file.pixels?.width,
    height: file.pixels?.height,
    bytes: file.bytes,
    first_timestamp_ns: file.firstTimestampNs,
    last_timestamp_ns: file.lastTimestampNs,
    checksum: file.checksum,
    algorithm: file.algorithm,
    key_id: file.keyId,
    source_id: file.source.id,
    source_from: file.source.from,
    source_to: file.source.to,
    created_at: file.createdAt,
  }))
  const columns = Object.entries(fileShape).map(([name, type]) => `"${name}" ${type}`)
  const times = ['first', 'last'].map(
    end => `${end}_time TIMESTAMPTZ GENERATED ALWAYS AS (make_timestamptz(${end}_timestamp_ns // 1000))`,
  )
  await connection.run(`CREATE TABLE files (${[...columns, ...times].join()})`)
  await connection.run(
    `INSERT INTO files SELECT unnest(from_json($1, ${textLiteral(JSON.stringify([fileShape]))}), recursive := true)`,
    [JSON.stringify(rows)],
  )
}

export const framesView = `CREATE VIEW frames AS
  SELECT first_timestamp_ns AS timestamp_ns, make_timestamptz(first_timestamp_ns // 1000) AS time, width, height, bytes, path
  FROM files WHERE kind = 'heif'`

export function textLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}
