import { readFile } from 'node:fs/promises'
import { constants as osConstants } from 'node:os'
import { systemClock } from '@chronicle/base'
import type { ArchivedFile, ArchiveReader } from '@chronicle/packer'
import { ArchiveDatabase } from '../../archive-sql/database.ts'
import { queryBytesMax } from '../../archive-sql/limits.ts'
import { type OpenedFiles, openFiles } from '../../archive-sql/opened-files.ts'
import { ValueWriter } from '../../archive-sql/values.ts'
import { ZoneOffset } from '../../archive-sql/zone-offset.ts'
import { serverErrors } from '../../errors.ts'
import { plural, size } from '../format.ts'
import { Progress } from '../progress.ts'
import { unreadable } from '../seal/input.ts'
import type { Terminal } from '../terminal.ts'
import { type ArchiveChoice, withArchive } from './open-archive.ts'
import { type SelectionOptions, select } from './selection.ts'
import { printAnswer, type SqlFormat } from './sql-output.ts'
import { promptForSql } from './sql-prompt.ts'

export type SqlOptions = ArchiveChoice &
  Pick<SelectionOptions, 'from' | 'to'> & {
    readonly file?: string
    readonly path?: readonly string[]
    readonly json?: boolean
    readonly jsonl?: boolean
    readonly csv?: boolean
    readonly openedMax: number
    readonly memory: number
    readonly threads: number
  }

/** Answers `query` over an archive; without one asks a person for queries. */
export async function archiveSql(terminal: Terminal, query: string | undefined, options: SqlOptions): Promise<void> {
  const sql = await queryText(terminal, query, options.file)
  let database: ArchiveDatabase | undefined
  const forget = endOnSignals(async () => database?.end())
  try {
    await withArchive(terminal, options, async archive => {
      const { range, files } = select(archive, options, options.path)
      const { reader, settings } = archive
      const opened = await openSelected(terminal, reader, files, options)
      try {
        const paths = (kind: string) => opened.paths.filter((_, at) => opened.files[at]!.kind === kind)
        database = await ArchiveDatabase.open({
          ...{ events: paths('parquet'), quarantine: paths('quarantine'), files, range },
          ...{ timezone: settings.timezone, memoryBytes: options.memory, threads: options.threads },
        })
        try {
          await answer(terminal, database, sql, { options, timezone: settings.timezone })
        } finally {
          database.close()
        }
      } finally {
        await opened.close()
      }
    })
  } finally {
    forget()
  }
}

async function answer(
  terminal: Terminal,
  database: ArchiveDatabase,
  sql: string | undefined,
  { options, timezone }: { options: SqlOptions; timezone: string },
): Promise<void> {
  const how = { format: formatOf(options), values: new ValueWriter(new ZoneOffset(timezone)) }
  const run = async (statements: string): Promise<void> => {
    for await (const each of database.run(statements)) await printAnswer(terminal, each, how)
  }
  if (sql === undefined) await promptForSql(terminal, { run, interrupt: () => database.interrupt() })
  else await run(sql)
}

/** undefined where a person can be asked. */
async function queryText(terminal: Terminal, query: string | undefined, file: string | undefined) {
  if (query !== undefined && file !== undefined) {
    throw serverErrors.create('server.invalid-argument', { option: '--file', because: 'there is a query as well' })
  }
  if (file !== undefined) return readFile(file, 'utf8').catch(error => Promise.reject(unreadable(file, error)))
  if (query !== undefined || terminal.canAsk) return query
  const pieces: Uint8Array[] = []
  let bytes = 0
  for await (const piece of terminal.input as AsyncIterable<Buffer>) {
    pieces.push(piece)
    bytes += piece.length
    if (bytes > queryBytesMax) {
      throw serverErrors.create('server.invalid-argument', {
        query: `${bytes} bytes`,
        accepted: `${queryBytesMax} bytes`,
      })
    }
  }
  const text = Buffer.concat(pieces).toString()
  if (text.trim() !== '') return text
  throw serverErrors.create('server.invalid-argument', { missing: 'QUERY', because: 'nobody is there to be asked' })
}

/** Frames stay closed: there is nothing in them to ask for. */
async function openSelected(
  terminal: Terminal,
  reader: ArchiveReader,
  files: readonly ArchivedFile[],
  { openedMax }: SqlOptions,
): Promise<OpenedFiles & { readonly files: readonly ArchivedFile[] }> {
  const asked = files.filter(({ kind }) => kind !== 'heif')
  const bytes = asked.reduce((sum, file) => sum + file.bytes, 0)
  const progress = new Progress(terminal, bytes)
  try {
    const onBytes = (more: number) => progress.add(more)
    const opened = await openFiles({ reader, files: asked, bytesMax: openedMax, clock: systemClock, onBytes })
    progress.clear()
    if (!opened.isInMemory) noteDisk(terminal, bytes)
    if (terminal.canAsk)
      terminal.note(terminal.noteStyle('dim', `${plural(asked.length, 'file')}, ${size(bytes)}, opened`))
    return { ...opened, files: asked }
  } catch (error) {
    progress.clear()
    throw error
  }
}

function noteDisk(terminal: Terminal, bytes: number): void {
  const reason = `memory has no room for ${size(bytes)}: until the query ends they lie on the archive's disk, in files without a name`
  terminal.note(`${terminal.noteStyle('dim', 'note:')} ${reason}`)
}

function formatOf({ json, jsonl, csv }: SqlOptions): SqlFormat {
  if (json) return 'json'
  if (jsonl) return 'jsonl'
  return csv ? 'csv' : 'table'
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Nothing has to be cleared away: what was opened has no name and ends with the process (S16). */
function endOnSignals(end: () => Promise<void>): () => void {
  const onSignal = async (signal: NodeJS.Signals): Promise<void> => {
    await end()
    process.exit(128 + osConstants.signals[signal])
  }
  for (const signal of signals) process.on(signal, onSignal)
  return () => {
    for (const signal of signals) process.off(signal, onSignal)
  }
}
