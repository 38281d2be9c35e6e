/** The real server over one data directory and on the same ports, however often it is stopped, killed and started again. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ChronicleProcess, type Exit, startChronicle } from '@chronicle/testing'
import { freePort } from '../broker.ts'
import type { Sender } from './senders.ts'

/** What does not come in this time does not come; nothing is concluded from how long it takes. */
const giveUpMs = 90_000
const pollMs = 25

export type HealthReport = {
  readonly status: 'pass' | 'warn' | 'fail'
  readonly checks: Readonly<Record<string, { readonly status: string; readonly reason: string }>>
}

/** What agents and their operators look at, as far as tests do. */
export type ObserveHealth = {
  readonly status: string
  readonly buffer_size: number
  readonly database: { readonly state: string }
  readonly sources: { readonly nats: { readonly state: string } }
  readonly alerts: readonly { readonly name: string }[]
}

export class ObserveServer {
  readonly dataDir = mkdtempSync(join(tmpdir(), 'chronicle-observe-e2e-'))
  readonly kafkaPort: number
  readonly httpPort: number
  readonly metricsPort: number
  #env: Readonly<Record<string, string>>
  #process: ChronicleProcess | undefined
  #isKilling = false

  private constructor(ports: readonly [number, number, number], env: Readonly<Record<string, string>>) {
    ;[this.kafkaPort, this.httpPort, this.metricsPort] = ports
    this.#env = { BATCH_FLUSH_INTERVAL_MS: '50', ...env }
  }

  /** Started with these variables, and gone with its data when the test ends. */
  static async start(
    t: Pick<TestContext, 'after'>,
    env: Readonly<Record<string, string>> = {},
  ): Promise<ObserveServer> {
    const server = new ObserveServer([await freePort(), await freePort(), await freePort()], env)
    t.after(() => server.remove())
    await server.start()
    return server
  }

  get bootstrap(): string {
    return `127.0.0.1:${this.kafkaPort}`
  }

  /** What it has written to standard error since its last start. */
  get log(): string {
    return this.#process?.stderr ?? ''
  }

  /** Of the process, in bytes. */
  get residentBytes(): number {
    const status = readFileSync(`/proc/${this.#process!.pid}/status`, 'utf8')
    return Number(/VmRSS:\s+(\d+) kB/.exec(status)![1]) * 1024
  }

  /** With further variables, which stay for the starts to come. */
  async start(env: Readonly<Record<string, string>> = {}): Promise<void> {
    this.#env = { ...this.#env, ...env }
    const ports = { kafka: this.kafkaPort, http: this.httpPort, metrics: this.metricsPort }
    const args = Object.entries(ports).flatMap(([name, port]) => [`--${name}-port`, String(port)])
    const started = await startChronicle({ dataDir: this.dataDir, args, env: this.#env })
    this.#process = started
    // A test that waits for a server which ended by itself says why it did.
    void started.exited.then(({ code, signal }) => {
      if (code === 0 || this.#isKilling) return
      console.error(`the server ended with code ${code}, ${signal}:\n${started.stderr.slice(-3_000)}`)
    })
  }

  async kill(): Promise<void> {
    this.#isKilling = true
    await this.#process?.kill('SIGKILL')
    this.#isKilling = false
  }

  /** SIGTERM; how it ended. */
  async stop(): Promise<Exit | undefined> {
    return this.#process?.stop()
  }

  async remove(): Promise<void> {
    await this.stop()
    rmSync(this.dataDir, { recursive: true, force: true })
  }

  async health(): Promise<HealthReport> {
    const response = await fetch(`http://127.0.0.1:${this.httpPort}/health`)
    return (await response.json()) as HealthReport
  }

  /** `/api/v1/health`. */
  async observeHealth(): Promise<ObserveHealth> {
    const response = await fetch(`http://127.0.0.1:${this.httpPort}/api/v1/health`)
    return (await response.json()) as ObserveHealth
  }

  /** The sum over the labels of one metric of ours, or of those whose labels contain `label`. */
  async metric(name: string, label = ''): Promise<number> {
    const response = await fetch(`http://127.0.0.1:${this.metricsPort}/metrics`)
    const lines = (await response.text()).split('\n')
    const ours = lines.filter(
      line => /^[a-z_]+/.exec(line)?.[0] === `chronicle_observe_${name}` && line.includes(label),
    )
    return ours.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
  }

  /** Events that are taken in and not in the tables. */
  waiting(): Promise<number> {
    return this.metric('waiting_events')
  }

  /** Whether an alert stands. */
  async hasAlert(name: string): Promise<boolean> {
    return (await this.metric('alert', `"${name}"`)) === 1
  }

  /** Until a check of the health report has this status. */
  until(check: string, status: string): Promise<void> {
    const isSo = async (): Promise<boolean> => (await this.health()).checks[check]?.status === status
    return eventually(isSo, `${check} is ${status}`, () => this.log.slice(-3_000))
  }

  /** Until everything that these senders sent is in the tables. */
  untilWritten(senders: readonly Sender[]): Promise<void> {
    const isWritten = async (): Promise<boolean> => {
      const taken = await Promise.all(senders.map(sender => sender.isTaken()))
      return taken.every(Boolean) && (await this.waiting()) === 0
    }
    return eventually(isWritten, 'everything is in the tables', () => this.log.slice(-3_000))
  }
}

/** Until `isTrue`; what throws is not true yet. */
export async function eventually(
  isTrue: () => boolean | Promise<boolean>,
  what = isTrue.toString(),
  facts: () => string = () => '',
): Promise<void> {
  const giveUpAt = Date.now() + giveUpMs
  for (;;) {
    const reached = await Promise.resolve()
      .then(isTrue)
      .catch(() => false)
    if (reached) return
    if (Date.now() > giveUpAt) throw new Error(`it did not happen in ${giveUpMs} ms: ${what}\n${facts()}`)
    await sleep(pollMs)
  }
}
