import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { newestSnapshotLsn } from '@chronicle/log'
import { inspectWal, nodeDisk, repairWal, type WalLoss, type WalProblem, type WalReport } from '@chronicle/wal'
import { dataPaths, requireDataDirectory } from '../process/data-directory.ts'
import { lockDataDirectory } from '../process/lock.ts'
import { confirm } from './ask.ts'
import { count, plural, printTable, size } from './format.ts'
import { Progress } from './progress.ts'
import { exitCodes } from './report.ts'
import type { Terminal } from './terminal.ts'
import { watchedDisk } from './watched-disk.ts'

export type FsckOptions = { repair?: boolean; yes?: boolean; json?: boolean }

/** Checks the log in `dataDirectory` and repairs it if asked to. Returns the exit code: 0 when the log is whole in the end. */
export async function fsck(terminal: Terminal, dataDirectory: string, options: FsckOptions): Promise<number> {
  requireDataDirectory(dataDirectory)
  const { wal, snapshots } = dataPaths(dataDirectory)
  // The lock of a running server refuses us, and ours keeps one from starting meanwhile.
  const lock = lockDataDirectory(dataDirectory)
  try {
    // A log that ends before its newest snapshot has lost its end.
    const provenLsn = existsSync(snapshots) ? newestSnapshotLsn(snapshots, nodeDisk) : 0
    const report = await inspect(terminal, wal, provenLsn)
    if (options.json) terminal.out(JSON.stringify(report, null, 2))
    else printReport(terminal, wal, report)
    if (report.problems.length === 0) return exitCodes.ok
    if (!options.repair) {
      if (!options.json) terminal.out(`${terminal.style('cyan', '→')} ${advice(report.problems)}`)
      return exitCodes.failure
    }
    return await repair(terminal, wal, provenLsn, options)
  } finally {
    await lock.stop()
  }
}

async function inspect(terminal: Terminal, wal: string, provenLsn: number): Promise<WalReport> {
  const progress = new Progress(terminal, bytesIn(wal))
  const disk = watchedDisk(nodeDisk, more => progress.add(more))
  try {
    return await inspectWal(wal, disk, provenLsn)
  } finally {
    progress.clear()
  }
}

function bytesIn(directory: string): number {
  const sizes = readdirSync(directory).map(
    name => statSync(join(directory, name), { throwIfNoEntry: false })?.size ?? 0,
  )
  return sizes.reduce((sum, bytes) => sum + bytes, 0)
}

function printReport(terminal: Terminal, wal: string, report: WalReport): void {
  terminal.out(
    `${terminal.style('bold', wal)}  ${plural(report.entries, 'entry', 'entries')}, ${size(report.endLsn - report.startLsn)}`,
  )
  terminal.out()
  const columns = [
    { title: 'file' },
    { title: 'from', right: true },
    { title: 'entries', right: true },
    { title: 'size', right: true },
    { title: '' },
  ]
  const rows = report.files.map(({ name, firstLsn, endLsn, entries }) => {
    const problems = report.problems.filter(problem => problem.file.endsWith(name))
    const picture = drawFile(terminal, { firstLsn, endLsn }, problems)
    return [name, count(firstLsn), count(entries), size(endLsn - firstLsn), picture]
  })
  printTable(terminal, columns, rows)
  terminal.out()
  for (const problem of report.problems) printProblem(terminal, problem)
  for (const loss of report.losses.slice(0, lossesShownMax)) printLoss(terminal, loss)
  const more = report.losses.length - lossesShownMax
  if (more > 0) terminal.out(`… and ${count(more)} more; --json has them all.`)
  printVerdict(terminal, report)
}

const pictureCells = 24
const lossesShownMax = 100

/** A file as a row of cells: where it is whole and where it is not. */
function drawFile(
  terminal: Terminal,
  { firstLsn, endLsn }: { firstLsn: number; endLsn: number },
  problems: readonly WalProblem[],
): string {
  const length = Math.max(1, endLsn - firstLsn)
  const cells = Array.from({ length: pictureCells }, (_, at) => {
    const from = firstLsn + (length * at) / pictureCells
    const to = firstLsn + (length * (at + 1)) / pictureCells
    const isBad = problems.some(({ lsn, bytes }) => lsn < to && lsn + Math.max(1, bytes) > from)
    return isBad ? terminal.style('red', '×') : terminal.style('green', '━')
  })
  return cells.join('')
}

function printProblem(terminal: Terminal, { file, offset, bytes, what, repair }: WalProblem): void {
  terminal.out(`${terminal.style('red', '×')} ${file}, byte ${count(offset)}: ${what}`)
  if (bytes > 0) terminal.out(`    lost with it: ${size(bytes)} of log`)
  terminal.out(
    `    --repair ${repair === undefined ? 'can do nothing here: restore the file from a copy' : `would ${repair}`}`,
  )
}

/** Lost and repaired: a fact, not a problem. */
function printLoss(terminal: Terminal, { file, offset, bytes }: WalLoss): void {
  terminal.out(
    `${terminal.style('yellow', '·')} ${file}, byte ${count(offset)}: ${size(bytes)} of log were lost and given up in a repair`,
  )
}

function printVerdict(terminal: Terminal, { problems, tornBytes, closed, sealed }: WalReport): void {
  if (problems.length > 0) {
    terminal.out(terminal.style('red', `${plural(problems.length, 'problem')}.`))
    return
  }
  const state = closed ? 'closed in good order' : 'not closed in good order; the next start recovers it'
  terminal.out(`${terminal.style('green', 'Whole')}: ${state}${sealed ? ', sealed' : ''}.`)
  if (tornBytes > 0) {
    terminal.out(
      `The last ${size(tornBytes)} were being written when it ended. They were never acknowledged; the next start cuts them off.`,
    )
  }
}

function advice(problems: readonly WalProblem[]): string {
  return problems.every(({ repair }) => repair !== undefined)
    ? 'Restore the damaged files from a copy if there is one, or accept the loss with --repair.'
    : 'Restore the damaged files from a copy: not all of this can be repaired.'
}

async function repair(terminal: Terminal, wal: string, provenLsn: number, { yes }: FsckOptions): Promise<number> {
  const question = 'Repair, and give up what is lost? A copy of the directory first is wise.'
  if (!yes && !(await confirm(terminal, question, '--yes'))) {
    terminal.note('Nothing was changed.')
    return exitCodes.failure
  }
  for (const done of await repairWal(wal, nodeDisk, provenLsn)) terminal.note(done)
  const after = await inspect(terminal, wal, provenLsn)
  if (after.problems.length > 0) {
    terminal.note(`${plural(after.problems.length, 'problem')} left.`)
    return exitCodes.failure
  }
  terminal.note(
    'The log is whole again and the server can be started; what was lost stays lost, and consumers go on behind it.',
  )
  return exitCodes.ok
}
