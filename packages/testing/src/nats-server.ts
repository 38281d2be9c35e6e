import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const program = 'nats-server'
/** Recovery of a store on a busy machine takes some seconds. */
const readyMsMax = 30_000
const stopMsMax = 10_000
/** The end of what the server said, kept for the message of a failed test. */
const keptCharsMax = 1 << 20

export type NatsServerOptions = {
  /** Further arguments: `['--user', 'u', '--pass', 'p']`. */
  readonly args?: readonly string[]
}

/** A real nats-server with JetStream on a port that was free, its store in a directory of its own. */
export type RunningNatsServer = {
  readonly pid: number
  readonly port: number
  /** `nats://127.0.0.1:port`. */
  readonly url: string
  readonly storeDir: string
  /** What it has logged so far. */
  readonly log: string
  /** Takes it off the processor: connections stay open, and nothing is answered once this resolves. */
  pause(): Promise<void>
  resume(): void
  /** Ends it at once. The store and the port stay for `start`. */
  kill(): Promise<void>
  /** Starts it again on the same port and store, after `kill`. */
  start(): Promise<void>
  /** Stops it in good order, and removes its store. */
  stop(): Promise<void>
}

/** Why there is no nats-server to start on this machine, for `test(…, { skip })`; false where there is one. */
export function withoutNatsServer(): string | false {
  return programPath() === undefined && 'nats-server is not installed (apt-get install nats-server)'
}

/** Resolves when it takes connections. Rejects with what it said when it does not get there. */
export async function startNatsServer({ args = [] }: NatsServerOptions = {}): Promise<RunningNatsServer> {
  const path = programPath()
  if (path === undefined) throw new Error(`${program} is not on this machine`)
  const server = new NatsServer(path, args)
  try {
    await server.start()
  } catch (error) {
    await server.stop()
    throw error
  }
  return server
}

class NatsServer implements RunningNatsServer {
  readonly storeDir = mkdtempSync(join(tmpdir(), 'chronicle-nats-'))
  /** The server's word for one that it chooses. */
  port = -1
  log = ''
  readonly #path: string
  readonly #args: readonly string[]
  #child: ChildProcess | undefined
  #exited: Promise<void> = Promise.resolve()

  constructor(path: string, args: readonly string[]) {
    this.#path = path
    this.#args = args
  }

  get pid(): number {
    return this.#child!.pid!
  }

  get url(): string {
    return `nats://127.0.0.1:${this.port}`
  }

  async start(): Promise<void> {
    this.log = ''
    const args = ['--addr', '127.0.0.1', '--port', `${this.port}`, '--jetstream', '--store_dir', this.storeDir]
    const child = spawn(this.#path, [...args, ...this.#args], { stdio: ['ignore', 'ignore', 'pipe'] })
    this.#child = child
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#exited = promise
    const endWithUs = (): void => void child.kill('SIGKILL')
    process.once('exit', endWithUs)
    const ended = (): void => {
      process.off('exit', endWithUs)
      resolve()
    }
    child.once('close', ended).once('error', ended)
    await this.#ready(child)
    this.port = Number(/Listening for client connections on [\d.]+:(\d+)/.exec(this.log)![1])
  }

  async pause(): Promise<void> {
    this.#child?.kill('SIGSTOP')
    const giveUpAt = Date.now() + stopMsMax
    while (!isStopped(this.pid)) {
      if (Date.now() > giveUpAt) throw new Error(`${program} still runs ${stopMsMax} ms after SIGSTOP`)
      await sleep(5)
    }
  }

  resume(): void {
    this.#child?.kill('SIGCONT')
  }

  async kill(): Promise<void> {
    this.#child?.kill('SIGKILL')
    await this.#exited
  }

  async stop(): Promise<void> {
    this.#child?.kill('SIGTERM')
    // One that is paused hears of it only then.
    this.resume()
    const timer = setTimeout(() => this.#child?.kill('SIGKILL'), stopMsMax)
    await this.#exited
    clearTimeout(timer)
    rmSync(this.storeDir, { recursive: true, force: true })
  }

  #ready(child: ChildProcess): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const fail = (why: string): void => reject(new Error(`${program} ${why}:\n${this.log}`))
    const timer = setTimeout(() => fail(`is not ready after ${readyMsMax} ms`), readyMsMax)
    child.once('error', reject)
    child.once('close', () => fail('ended before it was ready'))
    child.stderr!.setEncoding('utf8').on('data', (piece: string) => {
      this.log = (this.log + piece).slice(-keptCharsMax)
      if (this.log.includes('Server is ready')) resolve()
    })
    return promise.finally(() => clearTimeout(timer))
  }
}

/** The signal reaches each thread when that comes to it; each says so in the third field of its `stat` (proc(5)). */
function isStopped(pid: number): boolean {
  const tasks = `/proc/${pid}/task`
  return readdirSync(tasks).every(task => / \(.*\) T /.test(readFileSync(`${tasks}/${task}/stat`, 'utf8')))
}

/** Debian puts it where only root's PATH leads. */
function programPath(): string | undefined {
  const places = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin']
  return places.map(place => join(place, program)).find(path => existsSync(path))
}
