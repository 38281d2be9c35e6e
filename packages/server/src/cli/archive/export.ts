import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { type ArchivedFile, packerErrors } from '@chronicle/packer'
import { serverErrors } from '../../errors.ts'
import { plural, size } from '../format.ts'
import { Progress } from '../progress.ts'
import { exitCodes } from '../report.ts'
import { writeWholeFile } from '../seal/whole-file.ts'
import type { Terminal } from '../terminal.ts'
import { eventLines } from './event-lines.ts'
import { type ArchiveChoice, type OpenedArchive, withArchive } from './open-archive.ts'
import { refuseInside } from './outside.ts'
import { type FileProblem, printProblems, problemOf } from './problems.ts'
import { type SelectionOptions, select } from './selection.ts'

export type ExportFormat = 'parquet' | 'jsonl'

export type ExportOptions = ArchiveChoice &
  SelectionOptions & {
    readonly output: string
    readonly format: ExportFormat
    readonly parseData?: boolean
    readonly force?: boolean
    readonly resume?: boolean
  }

/** Opened files are for whoever opened them. */
const fileMode = 0o600
const directoryMode = 0o700

type Job = { readonly file: ArchivedFile; readonly target: string }

/** Writes files of an archive opened, in the same layout. Returns the exit code: 0 when all are there. */
export async function exportArchive(
  terminal: Terminal,
  patterns: readonly string[],
  options: ExportOptions,
): Promise<number> {
  const output = resolve(options.output)
  return withArchive(terminal, options, async archive => {
    refuseInside(archive.reader.basePath, output)
    const { files } = select(archive, options, patterns)
    const all = files.map(file => ({ file, target: join(output, targetPath(file, options.format)) }))
    const jobs = options.force ? all : missing(all, options.resume ?? false)
    const { bytes, problems } = await runAll(terminal, archive, jobs, options)
    printProblems(terminal, problems)
    const written = jobs.length - problems.length
    const before = all.length - jobs.length
    const skipped = before > 0 ? `; ${plural(before, 'file')} were there already` : ''
    terminal.out(`Exported ${plural(written, 'file')} to ${options.output} (${size(bytes)})${skipped}.`)
    return problems.length === 0 ? exitCodes.ok : exitCodes.failure
  })
}

function targetPath({ path, kind }: ArchivedFile, format: ExportFormat): string {
  return kind === 'parquet' && format === 'jsonl' ? `${path.replace(/\.parquet$/, '')}.jsonl` : path
}

/** What is there was written whole, since a file has its name only then. */
function missing(jobs: readonly Job[], resume: boolean): readonly Job[] {
  const there = jobs.filter(({ target }) => existsSync(target))
  if (there.length > 0 && !resume) {
    const because = '--resume leaves what is there and writes the rest, --force replaces it'
    throw serverErrors.create('server.output-exists', { path: there[0]!.target, files: there.length, because })
  }
  return jobs.filter(job => !there.includes(job))
}

async function runAll(
  terminal: Terminal,
  archive: OpenedArchive,
  jobs: readonly Job[],
  options: ExportOptions,
): Promise<{ bytes: number; problems: FileProblem[] }> {
  const problems: FileProblem[] = []
  let bytes = 0
  const progress = new Progress(
    terminal,
    jobs.reduce((sum, { file }) => sum + file.bytes, 0),
  )
  try {
    for (const { file, target } of jobs) {
      await mkdir(dirname(target), { recursive: true, mode: directoryMode })
      const pieces = piecesOf(archive, file, options, more => progress.add(more))
      try {
        bytes += await writeWholeFile(target, pieces, { force: options.force ?? false, mode: fileMode })
      } catch (error) {
        if (!isOfThisFile(error)) throw error
        problems.push(problemOf(file.path, error))
      }
    }
  } finally {
    progress.clear()
  }
  return { bytes, problems }
}

function piecesOf(
  { reader }: OpenedArchive,
  file: ArchivedFile,
  { format, parseData = false }: ExportOptions,
  onBytes: (bytes: number) => void,
): AsyncIterable<Uint8Array> {
  if (file.kind === 'parquet' && format === 'jsonl') return eventLines(reader, file, { parseData, onBytes })
  return reader.plain(file, onBytes)
}

/** The others can be written all the same. */
function isOfThisFile(error: unknown): boolean {
  if (packerErrors.is(error)) return error.code.startsWith('packer.archived-file-')
  const { code } = error as { code?: string }
  return code === 'vault.key-destroyed' || code === 'vault.key-not-found' || code === 'vault.damaged'
}
