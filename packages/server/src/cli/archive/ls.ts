import type { ArchivedFile } from '@chronicle/packer'
import { count, plural, printTable, size } from '../format.ts'
import type { Terminal } from '../terminal.ts'
import { type ArchiveChoice, type KeyState, withArchive } from './open-archive.ts'
import { type SelectionOptions, select } from './selection.ts'

export type ListOptions = ArchiveChoice & SelectionOptions & { readonly json?: boolean }

type Listed = { readonly file: ArchivedFile; readonly key: KeyState | undefined }

/** Lists what an archive holds, as its manifest says: no file is opened. */
export async function listArchive(terminal: Terminal, options: ListOptions): Promise<void> {
  await withArchive(terminal, options, async archive => {
    const listed: Listed[] = []
    for (const file of select(archive, options).files) {
      listed.push({ file, key: file.keyId === undefined ? undefined : await archive.keyState(file.keyId) })
    }
    if (options.json) {
      const entries = listed.map(({ file, key }) => ({ ...file, keyState: key ?? null }))
      terminal.out(JSON.stringify(entries, null, 2))
      return
    }
    if (listed.length === 0) {
      terminal.note(`No such files in ${archive.reader.basePath}.`)
      return
    }
    printFiles(terminal, listed)
    terminal.note(totals(listed))
  })
}

const columns = [
  { title: 'file' },
  { title: 'rows', right: true },
  { title: 'size', right: true },
  { title: 'first (UTC)', optional: true },
  { title: 'last (UTC)', optional: true },
  { title: 'key' },
]

function printFiles(terminal: Terminal, listed: readonly Listed[]): void {
  const rows = listed.map(({ file, key }) => {
    const { path, rows, pixels, bytes, firstTimestampNs, lastTimestampNs } = file
    const content = pixels ? `${pixels.width} × ${pixels.height}` : count(rows ?? 0)
    return [path, content, size(bytes), second(firstTimestampNs), second(lastTimestampNs), inWords(terminal, key)]
  })
  printTable(terminal, columns, rows)
}

function inWords(terminal: Terminal, key: KeyState | undefined): string {
  if (key === undefined) return 'not sealed'
  return key === 'there' ? key : terminal.style(key === 'destroyed' ? 'yellow' : 'red', key)
}

/** `2026-11-20 10:00:00`. */
export function second(ns: string): string {
  const ms = Number(BigInt(ns) / 1_000_000n)
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ')
}

function totals(listed: readonly Listed[]): string {
  const files = listed.map(({ file }) => file)
  const lost = listed.filter(({ key }) => key === 'destroyed' || key === 'missing').length
  return `${inTotal(files)}${lost > 0 ? `; ${plural(lost, 'file')} without a key` : ''}.`
}

/** `3 files: 1,200 events, 2 frames, 4 refused events; 3.2 MB`. */
export function inTotal(files: readonly ArchivedFile[]): string {
  const of = (kind: ArchivedFile['kind']) => files.filter(file => file.kind === kind)
  const rows = (kind: ArchivedFile['kind']) => of(kind).reduce((sum, file) => sum + (file.rows ?? 0), 0)
  const parts = [
    plural(rows('parquet'), 'event'),
    ...(of('heif').length > 0 ? [plural(of('heif').length, 'frame')] : []),
    ...(of('quarantine').length > 0 ? [plural(rows('quarantine'), 'refused event')] : []),
    size(files.reduce((sum, file) => sum + file.bytes, 0)),
  ]
  return `${plural(files.length, 'file')}: ${parts.join(', ')}`
}
