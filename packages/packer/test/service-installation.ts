/** A packer as people run it: the program, with everything in a directory of its own. */
import assert from 'node:assert/strict'
import { type ChildProcess, execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runChronicle, spawnChronicle } from '@chronicle/testing'
import { askPacker, openRingWriter, type PackerHealth } from '../src/index.ts'
import { event, eventStream } from './intake-support.ts'

const readyMsMax = 60_000
const lookMs = 20

export class Installation {
  readonly home = mkdtempSync(join(tmpdir(), 'chronicle-packer-program-'))
  readonly base = join(this.home, 'archive')
  readonly ring = join(this.home, 'ring')
  readonly log = join(this.home, 'packer.log')
  readonly keyFile = join(this.home, 'master.key')
  readonly file = join(this.home, 'packer.toml')
  stderr = ''
  #child: ChildProcess | undefined

  constructor(more: Readonly<Record<string, string | number | boolean>> = {}) {
    mkdirSync(this.base)
    const settings = {
      'storage.base_path': this.base,
      // The events of these tests are older than any retention.
      'storage.retention_days': 0,
      'ring_buffer.path': this.ring,
      'ring_buffer.size': 16 * 1024 * 1024,
      'metrics.port': 0,
      'encryption.key_source': 'file',
      'encryption.key_file': this.keyFile,
      'logging.file_path': this.log,
      ...more,
    }
    const lines = Object.entries(settings).map(([key, value]) => `${key} = ${JSON.stringify(value)}`)
    writeFileSync(this.file, lines.join('\n'))
  }

  get #environment() {
    return { HOME: this.home, XDG_CONFIG_HOME: join(this.home, 'config') }
  }

  /** Runs a command to its end. */
  packer(...args: string[]) {
    return runChronicle(['packer', '--config', this.file, ...args], { env: this.#environment })
  }

  /** Starts the packer in the foreground, and waits until it answers. */
  async start(): Promise<void> {
    const child = spawnChronicle(['packer', '--config', this.file, 'start'], this.#environment)
    this.#child = child
    child.stderr!.on('data', piece => {
      this.stderr += piece
    })
    for (let waitedMs = 0; waitedMs < readyMsMax; waitedMs += lookMs) {
      assert.equal(child.exitCode, null, this.stderr)
      if (await this.#asked('status').catch(() => undefined)) return
      await new Promise(resolve => setTimeout(resolve, lookMs))
    }
    assert.fail(`it does not answer: ${this.stderr}`)
  }

  /** From now on no file of the packer may grow beyond this; the system answers as it does for a full disk. */
  limitFileSize(bytes: number): void {
    execFileSync('prlimit', ['--pid', `${this.#child!.pid}`, `--fsize=${bytes}:`])
  }

  /** Ends it as Ctrl-C does. Resolves with its exit code. */
  async stop(): Promise<number | null> {
    const child = this.#child
    this.#child = undefined
    if (!child || child.exitCode !== null) return child?.exitCode ?? null
    child.kill('SIGINT')
    await once(child, 'exit')
    return child.exitCode
  }

  async remove(): Promise<void> {
    await this.stop()
    rmSync(this.home, { recursive: true, force: true })
  }

  async write(from: number, count: number, data?: string): Promise<void> {
    const writer = await openRingWriter({ path: this.ring })
    const rows = Array.from({ length: count }, (_, at) => event(from + at, data === undefined ? {} : { data }))
    assert.equal(await writer.write('events', eventStream(rows)), true)
    writer.close()
  }

  async ask(command: string, more: object = {}): Promise<Record<string, unknown>> {
    const answer = await this.#asked(command, more)
    assert.ok(answer, this.stderr)
    return answer
  }

  async health(): Promise<PackerHealth> {
    return (await this.ask('health')) as unknown as PackerHealth
  }

  /** The value of a counter or gauge. */
  async metric(name: string): Promise<number> {
    const { body } = await this.ask('metrics', { format: 'prometheus' })
    const line = String(body)
      .split('\n')
      .find(each => each.startsWith(`${name} `))
    assert.ok(line, name)
    return Number(line.split(' ')[1])
  }

  get lines(): Record<string, unknown>[] {
    const text = readFileSync(this.log, 'utf8').trim()
    return text.split('\n').map(line => JSON.parse(line) as Record<string, unknown>)
  }

  #asked(command: string, more: object = {}) {
    return askPacker(join(this.base, 'metadata', 'packer.sock'), { command, ...more })
  }
}

/** Names of all files below a directory. */
export function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter(each => each.isFile())
    .map(each => each.name)
}
