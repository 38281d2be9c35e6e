import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { askPacker, packerErrors } from '@chronicle/packer'
import type { PackerPlaces } from '../../packer/places.ts'
import { dataPaths } from '../../process/data-directory.ts'
import { exitCodes } from '../report.ts'
import type { Terminal } from '../terminal.ts'
import type { PackerGlobals } from './globals.ts'

const program = join(import.meta.dirname, '../../../bin', 'chronicle.js')

/** A passphrase is not asked for in the background, and a ring of some gigabytes takes a moment to make. */
const readyMsMax = 60_000
const lookMs = 50

/**
 * Starts the packer as a process of its own, in a session of its own, and waits until it answers. What it refuses is shown here: until it answers, its
 * standard error is a file that nobody else sees.
 */
export async function startDaemon(terminal: Terminal, globals: PackerGlobals, places: PackerPlaces): Promise<number> {
  const scratch = mkdtempSync(join(tmpdir(), 'chronicle-packer-'))
  const said = join(scratch, 'stderr')
  const descriptor = openSync(said, 'w', 0o600)
  const keyStore = dataPaths(places.keys).objects
  const hadKeys = existsSync(keyStore)
  const child = spawn(process.execPath, [program, ...argumentsOf(globals)], {
    detached: true,
    stdio: ['ignore', 'ignore', descriptor],
    // glibc keeps free memory of its own for every thread: a night with many frames would hold twice as much.
    env: { MALLOC_ARENA_MAX: '1', ...process.env },
  })
  closeSync(descriptor)
  try {
    const ended = once(child, 'exit').then(([code]) => Number(code ?? exitCodes.failure))
    const answer = await Promise.race([ended, answering(places, child.pid)])
    if (typeof answer === 'number') {
      process.stderr.write(readFileSync(said, 'utf8'))
      return answer
    }
    child.unref()
    if (!hadKeys && existsSync(keyStore)) noteNewKeys(terminal, answer.keys)
    terminal.note(`The packer runs in the background, process ${child.pid}. \`chronicle-packer stop\` stops it.`)
    return exitCodes.ok
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

function argumentsOf({ config, pidFile, jsonLogs }: PackerGlobals): string[] {
  return [
    'packer',
    ...(config === undefined ? [] : ['--config', config]),
    ...(pidFile === undefined ? [] : ['--pid-file', pidFile]),
    ...(jsonLogs ? ['--json-logs'] : []),
    'start',
    '--background',
  ]
}

/** What the first start of an archive says where it has a console. */
function noteNewKeys(terminal: Terminal, keys: string): void {
  const warning = terminal.noteStyle('yellow', 'warning:')
  terminal.note(
    `${warning} the archive has new keys (${keys}). Keep a copy of their master: without it nothing can be opened.`,
  )
}

type Answer = { readonly pid: number; readonly keys: string }

/** Resolves once the process `pid` answers. */
async function answering({ socket, basePath }: PackerPlaces, pid: number | undefined): Promise<Answer> {
  for (let waitedMs = 0; waitedMs < readyMsMax; waitedMs += lookMs) {
    await sleep(lookMs)
    const status = await askPacker(socket, { command: 'status' }, undefined, readyMsMax).catch(() => undefined)
    if (status?.pid === pid) return status as Answer
  }
  throw packerErrors.create('packer.daemon-not-ready', { archive: basePath, pid, afterMs: readyMsMax })
}
