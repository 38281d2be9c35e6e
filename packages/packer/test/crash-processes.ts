/** The processes of the crash test: a packer with an archive, a ring and keys of its own, and recorders in TypeScript and C. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, watch, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runChronicle, spawnChronicle } from '@chronicle/testing'
import { askPacker } from '../src/index.ts'
import { recordsFile } from './crash-records.ts'

const writerProgram = fileURLToPath(new URL('./crash-writer-child.ts', import.meta.url))
export const writerSource = fileURLToPath(new URL('./crash-writer.c', import.meta.url))
export const ringBytes = 2 * 1024 * 1024
const readyMsMax = 60_000

export type Installation = ReturnType<typeof makeInstallation>

export function makeInstallation() {
  const home = mkdtempSync(join(tmpdir(), 'packer-crash-'))
  const at = (name: string) => join(home, name)
  const places = { home, base: at('archive'), ring: at('ring'), log: at('log'), keyFile: at('key'), config: at('toml') }
  const settings = {
    'storage.base_path': places.base,
    // As small as it may be: a run writes several files a day.
    'storage.max_file_size': 1024 * 1024,
    'storage.retention_days': 60,
    'storage.parquet.row_group_size': 500,
    'encryption.key_source': 'file',
    'encryption.key_file': places.keyFile,
    'ring_buffer.path': places.ring,
    'ring_buffer.size': ringBytes,
    // Runs begin when the test asks for them, so that it knows when there is none.
    'scheduling.backup_threshold': 2 ** 30,
    'metrics.enabled': false,
    'logging.file_path': places.log,
  }
  writeFileSync(
    places.config,
    Object.entries(settings)
      .map(([key, value]) => `${key} = ${JSON.stringify(value)}\n`)
      .join(''),
  )
  return places
}

abstract class Killable {
  protected readonly child: ChildProcess
  readonly ended: Promise<unknown>
  isKilled = false

  constructor(child: ChildProcess) {
    this.child = child
    this.ended = once(child, 'close')
  }

  async kill(): Promise<void> {
    this.isKilled = true
    this.child.kill('SIGKILL')
    await this.ended
  }
}

export class CrashPacker extends Killable {
  readonly #base: string
  #said = ''

  constructor({ base, config }: Installation) {
    super(spawnChronicle(['packer', '--config', config, 'start']))
    this.#base = base
    this.child.stdout!.resume()
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#said += text
    })
  }

  /** Resolves when it is ready; false where it was killed before. */
  async ready(): Promise<boolean> {
    const deadline = performance.now() + readyMsMax
    while (!this.#said.includes('"message":"ready"')) {
      if (this.isKilled) return false
      assert.ok(this.child.exitCode === null && performance.now() < deadline, this.#said)
      await new Promise(resolve => setTimeout(resolve, 5))
    }
    return true
  }

  /** One run. */
  async process(): Promise<void> {
    const socket = join(this.#base, 'metadata/packer.sock')
    assert.ok(await askPacker(socket, { command: 'process', cleanup: true }), 'no packer answered')
  }

  /** Run after run until it is killed. */
  async processUntilKilled(): Promise<void> {
    try {
      for (;;) await this.process()
    } catch (error) {
      if (!this.isKilled) throw error
    }
  }

  /** Resolves when so many files were begun in temp or moved from there to their places. */
  moved(count: number): Promise<void> {
    return this.#watched('temp', () => true, count)
  }

  /** Resolves when the manifest was replaced so often: the ring is told right after it. */
  committed(count: number): Promise<void> {
    return this.#watched('metadata', name => name === 'files.json', count)
  }

  #watched(directory: string, isCounted: (name: string | null) => boolean, count: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    let left = count
    const watcher = watch(join(this.#base, directory), (type, name) => {
      if (type === 'rename' && isCounted(name) && --left <= 0) resolve()
    })
    void this.ended.then(() => resolve())
    return promise.finally(() => watcher.close())
  }

  async stop(): Promise<void> {
    this.child.kill('SIGTERM')
    await this.ended
    assert.equal(this.child.exitCode, 0, this.#said)
  }
}

/** Writes records from a number on, as many as are given, as fast as the ring takes them. */
export class CrashWriter extends Killable {
  readonly from: number
  readonly count: number
  #said = ''
  #complained = ''

  /** `compiled` is the recorder in C; the one in TypeScript where left out. */
  constructor({ home, ring }: Installation, from: number, count: number, compiled: string | undefined) {
    const file = join(home, 'records')
    writeFileSync(file, recordsFile(from, count))
    const program = compiled ? [compiled] : [process.execPath, writerProgram]
    super(spawn(program[0]!, [...program.slice(1), ring, file], { stdio: ['ignore', 'pipe', 'pipe'] }))
    this.from = from
    this.count = count
    this.child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      this.#said += text
    })
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#complained += text
    })
  }

  /** How many of its records it was told are in the ring; the one behind them may be there as well. */
  get written(): number {
    return this.#said.split('\n').length - 1
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null
  }

  checkQuiet(): void {
    assert.equal(this.#complained, '')
  }
}

/** Fresh keys for all that is sealed from now on, as an operator makes them while the packer runs. */
export async function rotateKeys({ base, keyFile }: Installation): Promise<void> {
  const args = ['vault', 'rotate', '--all', '--data-dir', join(base, 'metadata/keys')]
  const { code, stderr } = await runChronicle(args, { env: { CHRONICLE_VAULT_KEY_FILE: keyFile } })
  assert.equal(code, 0, stderr)
}

/** What the log says: what runs did, what was swept, and whether anything failed. */
export function logOf({ log }: Installation) {
  const lines = existsSync(log) ? readFileSync(log, 'utf8').split('\n') : []
  // Of a process that was killed the last line may be cut.
  const entries = lines.filter(line => line.endsWith('}')).map(line => JSON.parse(line))
  return {
    errors: entries.filter(({ level }) => level === 'error'),
    runs: entries.filter(({ message }) => message === 'run finished'),
    swept: entries.filter(({ message }) => message === 'a file that no finished run has left is removed').length,
  }
}
