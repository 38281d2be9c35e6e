import type { ArchivedFile } from '@chronicle/packer'
import { serverErrors } from '../../errors.ts'
import type { Terminal } from '../terminal.ts'
import { eventLines } from './event-lines.ts'
import { type ArchiveChoice, type OpenedArchive, withArchive } from './open-archive.ts'
import { type Selection, type SelectionOptions, select } from './selection.ts'

export type CatOptions = ArchiveChoice & SelectionOptions & { readonly parseData?: boolean }

/** Prints what files hold: events as lines of JSON, refused events as the lines that they are, a frame as its bytes. */
export async function catArchive(terminal: Terminal, patterns: readonly string[], options: CatOptions): Promise<void> {
  await withArchive(terminal, options, async archive => {
    const { from, to } = options
    if (patterns.length === 0 && !from && !to) {
      const accepted = 'files as `chronicle archive ls` prints them, or a time: --from -1d'
      throw serverErrors.create('server.invalid-argument', { missing: 'what to print', accepted })
    }
    // Of a range, events are meant, unless something else is asked for.
    const kind = options.kind ?? (patterns.length === 0 ? (['parquet'] as const) : undefined)
    const selection = select(archive, { ...options, ...(kind && { kind }) }, patterns)
    checkFrames(terminal, selection.files)
    let printed = 0
    for (const file of selection.files) printed += await print(terminal, archive, file, selection, options)
    if (printed === 0) terminal.note(`Nothing of that time is in ${archive.reader.basePath}.`)
  })
}

/** Resolves with the bytes that were printed. */
async function print(
  terminal: Terminal,
  { reader }: OpenedArchive,
  file: ArchivedFile,
  { range }: Selection,
  { parseData = false }: CatOptions,
): Promise<number> {
  let bytes = 0
  const pieces = file.kind === 'parquet' ? eventLines(reader, file, { parseData, range }) : reader.plain(file)
  for await (const piece of pieces) {
    bytes += piece.length
    await terminal.write(piece)
  }
  return bytes
}

/** A picture is no text, and two in one stream are none. */
function checkFrames(terminal: Terminal, files: readonly ArchivedFile[]): void {
  if (!files.some(file => file.kind === 'heif')) return
  if (files.length > 1) {
    const because = 'a frame goes out alone: give its path, or write several with `chronicle archive export`'
    throw serverErrors.create('server.invalid-argument', { files: files.length, because })
  }
  if (!terminal.isInteractive) return
  const because = 'the bytes of a picture would upset the terminal: send them to a file or a program'
  throw serverErrors.create('server.invalid-argument', { output: 'standard output', because })
}
