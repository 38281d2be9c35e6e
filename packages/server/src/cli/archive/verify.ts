import { type ArchivedFile, askPacker, packerErrors } from '@chronicle/packer'
import { vaultErrors } from '@chronicle/vault'
import { plural, printable } from '../format.ts'
import { Progress } from '../progress.ts'
import { exitCodes } from '../report.ts'
import type { Terminal } from '../terminal.ts'
import { inTotal } from './ls.ts'
import { type ArchiveChoice, type OpenedArchive, withArchive } from './open-archive.ts'
import { type FileProblem, printProblems, problemOf } from './problems.ts'
import { type SelectionOptions, select } from './selection.ts'

export type VerifyOptions = ArchiveChoice & SelectionOptions & { readonly json?: boolean }

type Report = {
  readonly archive: string
  /** Whether the manifest could only be written by who has the keys. */
  readonly authenticated: boolean
  readonly files: readonly ArchivedFile[]
  readonly problems: readonly FileProblem[]
  /** Their bytes are what was written; their keys were destroyed. */
  readonly shredded: readonly string[]
  /** Their retention ended while this was at work. */
  readonly removed: readonly string[]
  /** Files that the manifest does not name. */
  readonly strays: readonly string[]
  /** A packer is at work: what it has just put in place is named by no manifest yet. */
  readonly packerRuns: boolean
}

/** Compares every file with the manifest. Returns the exit code: 0 when all is as it was written. */
export async function verifyArchive(terminal: Terminal, options: VerifyOptions): Promise<number> {
  return withArchive(terminal, options, async archive => {
    const report = await verify(terminal, archive, options)
    if (options.json) printJson(terminal, report)
    else print(terminal, report)
    return isWhole(report) ? exitCodes.ok : exitCodes.failure
  })
}

function isWhole({ problems, strays, packerRuns }: Report): boolean {
  return problems.length === 0 && (strays.length === 0 || packerRuns)
}

async function verify(terminal: Terminal, archive: OpenedArchive, options: VerifyOptions): Promise<Report> {
  const { reader, keys, places } = archive
  const { files } = select(archive, options)
  const problems: FileProblem[] = []
  const [shredded, removed]: [string[], string[]] = [[], []]
  const progress = new Progress(
    terminal,
    files.reduce((sum, { bytes }) => sum + bytes, 0),
  )
  for (const file of files) {
    try {
      const outcome = await verifyFile(archive, file, bytes => progress.add(bytes))
      if (outcome === 'shredded') shredded.push(file.path)
    } catch (error) {
      if (packerErrors.is(error) && error.code === 'packer.archived-file-removed') removed.push(file.path)
      else problems.push(problemOf(file.path, error))
    }
  }
  progress.clear()
  const isAll = !options.from && !options.to && !options.kind
  const strays = isAll ? await reader.strays() : []
  const packerRuns = strays.length > 0 && (await isRunning(places.socket))
  const facts = { archive: reader.basePath, authenticated: keys !== undefined }
  return { ...facts, files, problems, shredded, removed, strays, packerRuns }
}

async function verifyFile(
  { reader }: OpenedArchive,
  file: ArchivedFile,
  onBytes: (bytes: number) => void,
): Promise<'whole' | 'shredded'> {
  try {
    await reader.verify(file, onBytes)
    return 'whole'
  } catch (error) {
    if (!vaultErrors.is(error) || error.code !== 'vault.key-destroyed') throw error
    await reader.verifyStored(file, onBytes)
    return 'shredded'
  }
}

async function isRunning(socket: string): Promise<boolean> {
  return (await askPacker(socket, { command: 'status' }).catch(() => undefined)) !== undefined
}

function printJson(terminal: Terminal, report: Report): void {
  const { archive, authenticated, files, problems, shredded, removed, strays, packerRuns } = report
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0)
  const counted = { archive, authenticated, whole: isWhole(report), files: files.length, bytes }
  terminal.out(JSON.stringify({ ...counted, problems, shredded, removed, strays, packerRuns }, null, 2))
}

function print(terminal: Terminal, report: Report): void {
  const { archive, authenticated, files, problems, shredded, removed } = report
  printProblems(terminal, problems)
  printStrays(terminal, report)
  if (shredded.length > 0) {
    terminal.out(
      `· The keys of ${plural(shredded.length, 'file')} were destroyed: only bytes and checksums were compared.`,
    )
  }
  if (removed.length > 0) {
    terminal.out(`· The retention of ${plural(removed.length, 'file')} ended meanwhile: the packer has deleted them.`)
  }
  if (isWhole(report)) {
    const whole = files.filter(file => !removed.includes(file.path))
    terminal.out(`${terminal.style('green', 'Whole')}: ${archive}, ${inTotal(whole)}.`)
  } else {
    const total = `${plural(problems.length + report.strays.length, 'problem')} in ${plural(files.length, 'file')}`
    terminal.out(terminal.style('red', `${total} of ${archive}.`))
  }
  if (!authenticated) {
    terminal.note('The archive has no keys: whoever can write to it can change files and manifest together, unseen.')
  }
}

function printStrays(terminal: Terminal, { strays, packerRuns }: Report): void {
  if (strays.length === 0) return
  const sign = packerRuns ? '·' : terminal.style('red', '×')
  terminal.out(`${sign} The manifest does not name ${plural(strays.length, 'file')}`)
  for (const path of strays) terminal.out(`    ${printable(path)}`)
  const advice = packerRuns
    ? 'A packer is at work and may be about to name them: verify again when its run is over.'
    : 'A run that was interrupted may have left them; the packer removes them at its next start. Look at others before that.'
  terminal.out(`  ${terminal.style('cyan', '→')} ${advice}`)
}
