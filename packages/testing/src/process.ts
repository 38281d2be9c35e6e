import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { placeEmptyTables } from './empty-tables.ts'

/** The command line, for who starts it in a way of its own: `node PATH …`. */
export const chroniclePath = fileURLToPath(new URL('../../server/bin/chronicle.js', import.meta.url))

/** Recovery of a large log on a busy machine takes a while; a server that is not ready then will not be. */
const readyMsMax = 60_000
/** A little longer than the server gives itself. */
const stopMsMax = 20_000
/** The end of what a process said, kept for the message of a failed test. */
const keptCharsMax = 1 << 20

export type Exit = { readonly code: number | null; readonly signal: NodeJS.Signals | null }

/** A real server process on ports that were free. */
export type ChronicleProcess = {
  readonly pid: number
  readonly kafkaPort: number
  readonly httpPort: number
  readonly metricsPort: number
  /** Undefined where the caller turned it off. */
  readonly otlpGrpcPort: number | undefined
  /** `127.0.0.1:kafkaPort`, as clients take it. */
  readonly bootstrap: string
  readonly dataDir: string
  /** What it has written to standard error so far: log lines in JSON. */
  readonly stderr: string
  readonly exited: Promise<Exit>
  /** Sends `signal` (SIGKILL when left out) and resolves when the process is gone. The data stays. */
  kill(signal?: NodeJS.Signals): Promise<Exit>
  /** Stops it in good order, and removes its data directory unless the caller gave one. */
  stop(): Promise<Exit>
}

export type ChronicleOptions = {
  /** Further arguments; they win over those of the launcher. */
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Kept by `stop`. A fresh one that `stop` removes when left out. */
  readonly dataDir?: string
  /** Its embedded database is there before it starts, and empty: for tests of what comes after making one, which takes seconds of a processor. */
  readonly hasEmptyTables?: boolean
}

/** Starts a server and resolves when it is ready. Rejects with what it said when it does not get there. */
export async function startChronicle(options: ChronicleOptions = {}): Promise<ChronicleProcess> {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'chronicle-'))
  if (options.hasEmptyTables) await placeEmptyTables(join(dataDir, 'observe', 'pg'))
  const ports = ['--kafka-port', '0', '--http-port', '0', '--metrics-port', '0']
  const args = [chroniclePath, 'start', ...ports, '--data-dir', dataDir, ...(options.args ?? [])]
  const env = environment({ CHRONICLE_OTLP_GRPC_PORT: '0', ...options.env })
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'pipe'] })
  const stderr = new Kept(child.stderr)
  const exited = exitOf(child)
  const endWithUs = (): void => void child.kill('SIGKILL')
  process.once('exit', endWithUs)
  void exited.finally(() => process.off('exit', endWithUs)).catch(() => undefined)
  const ready = await readyLine(stderr, exited).catch(error => {
    endWithUs()
    throw error
  })
  const removeData = (): void => {
    if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true })
  }
  return {
    pid: child.pid!,
    kafkaPort: ready.kafkaPort,
    httpPort: ready.httpPort,
    metricsPort: ready.metricsPort,
    otlpGrpcPort: ready.otlpGrpcPort,
    bootstrap: `127.0.0.1:${ready.kafkaPort}`,
    dataDir,
    get stderr() {
      return stderr.text
    },
    exited,
    kill(signal = 'SIGKILL') {
      child.kill(signal)
      return exited
    },
    async stop() {
      child.kill('SIGTERM')
      const timer = setTimeout(() => child.kill('SIGKILL'), stopMsMax)
      const exit = await exited
      clearTimeout(timer)
      removeData()
      return exit
    },
  }
}

/** Runs one command to its end and resolves with everything that it said. `input` is its standard input. */
export async function runChronicle(
  args: readonly string[],
  options: {
    env?: Readonly<Record<string, string>>
    input?: string | Uint8Array
    timeoutMs?: number
    cwd?: string
  } = {},
): Promise<Exit & { readonly stdout: string; readonly stderr: string }> {
  const child = spawn(process.execPath, [chroniclePath, ...args], {
    env: environment(options.env),
    cwd: options.cwd,
    timeout: options.timeoutMs ?? readyMsMax,
  })
  const stdout = new Kept(child.stdout)
  const stderr = new Kept(child.stderr)
  const exited = exitOf(child)
  // A command that refuses at once has closed its end before the input is written.
  child.stdin.on('error', () => undefined)
  child.stdin.end(options.input ?? '')
  const exit = await exited
  return { ...exit, stdout: stdout.text, stderr: stderr.text }
}

/** Starts a command, whose output the caller reads and which the caller ends. */
export function spawnChronicle(args: readonly string[], env?: Readonly<Record<string, string>>): ChildProcess {
  return spawn(process.execPath, [chroniclePath, ...args], { env: environment(env), stdio: ['ignore', 'pipe', 'pipe'] })
}

/** Ours without any variable that would change what a server does. No test touches the keychain of whoever runs it. */
function environment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const unwanted = /^(CHRONI|LOG_LEVEL|NODE_TEST|NODE_COMPILE_CACHE)/
  const inherited = Object.entries(process.env).filter(([name]) => !unwanted.test(name))
  return { ...Object.fromEntries(inherited), CHRONICLE_VAULT_KEY_SOURCE: 'file', ...extra }
}

type Ready = {
  readonly kafkaPort: number
  readonly httpPort: number
  readonly metricsPort: number
  readonly otlpGrpcPort?: number
}

async function readyLine(stderr: Kept, exited: Promise<Exit>): Promise<Ready> {
  const { promise, resolve, reject } = Promise.withResolvers<Ready>()
  const look = (): void => {
    const line = stderr.text.split('\n').find(each => each.includes('"message":"ready"') && each.endsWith('}'))
    if (line) resolve(JSON.parse(line))
  }
  const timer = setTimeout(() => reject(new Error(`not ready after ${readyMsMax} ms:\n${stderr.text}`)), readyMsMax)
  stderr.onMore = look
  exited.then(
    exit => reject(new Error(`ended before it was ready (code ${exit.code}, ${exit.signal}):\n${stderr.text}`)),
    reject,
  )
  try {
    return await promise
  } finally {
    clearTimeout(timer)
    stderr.onMore = undefined
  }
}

/** The text of a stream, its end if it is long. */
class Kept {
  text = ''
  onMore: (() => void) | undefined

  constructor(stream: NodeJS.ReadableStream) {
    stream.setEncoding('utf8')
    stream.on('data', (piece: string) => {
      this.text = (this.text + piece).slice(-keptCharsMax)
      this.onMore?.()
    })
  }
}

/** Resolves once the process has ended and all that it said has been read. */
function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal }))
  })
}
