/**
 * A Parquet file, written from front to back.
 *
 *     "PAR1"
 *     row group by row group, column by column: dictionary page, data pages, bloom filter
 *     column indexes, then offset indexes
 *     footer
 *     4 bytes   length of the footer, little-endian
 *     "PAR1"
 *
 * In an encrypted file both magics are "PARE", every part is a module of its own (`module-cipher.ts`), and how to find the key stands
 * in front of the footer and counts with it.
 *
 * The indexes come at the end because readers fetch those of all row groups with one request.
 *
 * Source: https://github.com/apache/parquet-format
 */
import { packerErrors } from '../errors.ts'
import { ByteBuffer } from './byte-buffer.ts'
import { checkColumns } from './check-columns.ts'
import { checkOptions } from './check-options.ts'
import { ColumnBuffer } from './column-buffer.ts'
import { type ColumnChunk, ColumnChunkWriter } from './column-chunk.ts'
import type { ColumnValues, ParquetEnd, ParquetOptions, ParquetWriter } from './contract.ts'
import { FileModules } from './file-modules.ts'
import { fileCryptoMetaData, fileMetaData, type IndexedChunk, type RowGroup } from './footer.ts'
import { moduleTypes } from './module-cipher.ts'

/** Of values that wait for their row group to fill: a row group that would exceed it ends early (PP9). */
export const rowGroupBytesMax = 64 * 1024 * 1024

/** Gives the file to `sink` piece by piece; the sink may keep the pieces. Throws `packer.parquet-option`. */
export function createParquetWriter(options: ParquetOptions, sink: (piece: Uint8Array) => void): ParquetWriter {
  checkOptions(options)
  return new FileWriter(options, sink)
}

class FileWriter implements ParquetWriter {
  rows = 0
  readonly #options: ParquetOptions
  readonly #magic: Uint8Array
  readonly #modules: FileModules
  readonly #columns: readonly ColumnBuffer[]
  readonly #chunkWriters: readonly ColumnChunkWriter[]
  readonly #rowGroups: RowGroup<ColumnChunk>[] = []
  readonly #sortedBy: readonly number[]
  #bufferedRows = 0
  #bufferedBytes = 0
  #finished = false

  constructor(options: ParquetOptions, sink: (piece: Uint8Array) => void) {
    this.#options = options
    this.#modules = new FileModules(sink, options.encryption)
    this.#columns = options.columns.map(spec => new ColumnBuffer(spec))
    this.#chunkWriters = this.#columns.map(column => new ColumnChunkWriter(this.#modules, column, options.pageBytes))
    this.#sortedBy = (options.sortedBy ?? []).map(name => options.columns.findIndex(spec => spec.name === name))
    this.#magic = Buffer.from(options.encryption ? 'PARE' : 'PAR1')
    this.#modules.output.write(this.#magic)
  }

  get bytes(): number {
    return this.#modules.output.position
  }

  write(columns: readonly ColumnValues[], rows: number): void {
    if (this.#finished) throw packerErrors.create('packer.parquet-finished')
    checkColumns(this.#options.columns, columns, rows)
    for (let from = 0; from < rows; ) {
      const to = this.#rowsThatFit(columns, from, rows)
      if (to > from) this.#buffer(columns, from, to)
      if (to < rows || this.#bufferedRows === this.#options.rowGroupRows) this.#writeRowGroup()
      from = to
    }
  }

  finish(): ParquetEnd {
    if (this.#finished) throw packerErrors.create('packer.parquet-finished')
    this.#writeRowGroup()
    this.#finished = true
    const rowGroups = this.#writeIndexes()
    const footerAt = this.bytes
    this.#writeFooter(rowGroups)
    this.#modules.output.flush()
    return { rows: this.rows, bytes: this.bytes, rowGroups: rowGroups.length, footerBytes: this.bytes - footerAt }
  }

  /** The row up to which rows from `from` on fit what is left of the row group; `from` itself where the next one does not. */
  #rowsThatFit(columns: readonly ColumnValues[], from: number, rows: number): number {
    const sizeOf = (to: number) =>
      this.#columns.reduce((sum, { values }, at) => sum + values.sizeOf(columns[at]!.values, from, to), 0)
    let count = Math.min(rows - from, this.#options.rowGroupRows - this.#bufferedRows)
    while (count > 0 && this.#bufferedBytes + sizeOf(from + count) > rowGroupBytesMax) count >>= 1
    if (count === 0 && this.#bufferedRows === 0) {
      throw packerErrors.create('packer.parquet-value-too-large', {
        bytes: sizeOf(from + 1),
        bytesMax: rowGroupBytesMax,
      })
    }
    this.#bufferedBytes += sizeOf(from + count)
    return from + count
  }

  #buffer(columns: readonly ColumnValues[], from: number, to: number): void {
    for (const [at, column] of this.#columns.entries()) column.append(columns[at]!, from, to)
    this.#bufferedRows += to - from
    this.rows += to - from
  }

  #writeRowGroup(): void {
    if (this.#bufferedRows === 0) return
    const ordinal = this.#rowGroups.length
    const chunks = this.#chunkWriters.map((writer, column) => writer.write([ordinal, column]))
    const sortedBy = isSorted(this.#sortedBy.map(column => this.#columns[column]!)) ? this.#sortedBy : []
    this.#rowGroups.push({ rows: this.#bufferedRows, chunks, sortedBy })
    for (const column of this.#columns) column.clear()
    this.#bufferedRows = 0
    this.#bufferedBytes = 0
  }

  #writeIndexes(): RowGroup<IndexedChunk>[] {
    const chunks = this.#rowGroups.flatMap(group => group.chunks)
    const columnIndexes = chunks.map(({ columnIndex, ordinals }) => {
      return columnIndex && this.#modules.write(columnIndex, moduleTypes.columnIndex, ordinals)
    })
    const indexed = chunks.map((chunk, at) => ({
      ...chunk,
      columnIndexPlace: columnIndexes[at],
      offsetIndexPlace: this.#modules.write(chunk.offsetIndex, moduleTypes.offsetIndex, chunk.ordinals),
    }))
    const width = this.#columns.length
    return this.#rowGroups.map((group, at) => ({ ...group, chunks: indexed.slice(at * width, (at + 1) * width) }))
  }

  #writeFooter(rowGroups: readonly RowGroup<IndexedChunk>[]): void {
    const { output } = this.#modules
    const from = output.position
    if (this.#options.encryption) output.write(fileCryptoMetaData(this.#options.encryption))
    this.#modules.write(fileMetaData(this.#options, this.rows, rowGroups), moduleTypes.footer, [])
    const end = new ByteBuffer()
    end.uint32(output.position - from)
    end.append(this.#magic)
    output.write(end.view())
  }
}

/** Whether each row is not below the one before it, column after column (PP7). Columns without nulls: a row is a value. */
function isSorted(columns: readonly ColumnBuffer[]): boolean {
  for (let row = 1; row < (columns[0]?.rows ?? 0); row++) {
    const differing = columns.find(({ values }) => values.compare(row - 1, row) !== 0)
    if (differing && differing.values.compare(row - 1, row) > 0) return false
  }
  return true
}
