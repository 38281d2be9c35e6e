/** Readers of Parquet that are not ours. */
import { join } from 'node:path'
import { interopPython } from './python.ts'
import { run } from './toolchain.ts'

export const readers = ['PyArrow', 'DuckDB', 'polars'] as const

/** A row with its values as text: integers in decimals, floating-point numbers as their bits, bytes in hexadecimal. */
export type Row = Record<string, string | boolean | null>

export type Task =
  | {
      readonly do: 'read'
      readonly reader: (typeof readers)[number]
      readonly path: string
      readonly filter?: readonly (readonly [column: string, '=', value: string])[]
      /** For PyArrow: the key itself, in hexadecimal, or that it is to be had from the file's key metadata. */
      readonly key?: string
      readonly masterKey?: true
    }
  /** PyArrow writes the rows of the file `path` to the file `to`, encrypted. */
  | {
      readonly do: 'write'
      readonly path: string
      readonly to: string
      readonly key: string
      readonly pages: '1.0' | '2.0'
      readonly prefix?: string
      readonly storesPrefix?: boolean
    }
  | { readonly do: 'describe'; readonly path: string }
  | { readonly do: 'probe'; readonly path: string; readonly column: string; readonly values: readonly string[] }

export type ChunkDescription = {
  readonly name: string
  readonly codec: string
  readonly encodings: readonly string[]
  readonly dictionary: boolean
  readonly bounds: readonly [string, string] | null
  readonly nulls: number | null
  readonly columnIndex: boolean
  readonly offsetIndex: boolean
  readonly bloomFilter: boolean
}

export type FileDescription = {
  readonly createdBy: string
  readonly keyValues: Record<string, string>
  readonly rowGroups: readonly {
    readonly rows: number
    readonly sortedBy: readonly (readonly [number, boolean])[]
    readonly columns: readonly ChunkDescription[]
  }[]
}

export type Result = { readonly result?: unknown; readonly error?: string }

const outputBytesMax = 256 * 1024 * 1024

/** Python with the readers, and why it cannot be used here. */
export function parquetReaders(): { missing: string | undefined; work(tasks: readonly Task[]): Result[] } {
  const { python, missing } = interopPython('parquet')
  const program = join(import.meta.dirname, 'python/parquet.py')
  const work = (tasks: readonly Task[]): Result[] =>
    JSON.parse(run(python, [program], { input: JSON.stringify(tasks), maxBuffer: outputBytesMax }))
  return { missing, work }
}
