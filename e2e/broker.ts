/** The real server as a child process that a test may stop, kill and start again over the same data. */
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ChronicleProcess, startChronicle } from '@chronicle/testing'

export type Broker = {
  readonly bootstrap: string
  readonly dataDirectory: string
  /** Stops it in good order and starts it again on the same port. */
  restart(): Promise<void>
  /** SIGKILL: resolves when the process is gone. */
  kill(): Promise<void>
  /** Starts it again after `kill`. */
  start(): Promise<void>
  /** Stops it in good order and removes its data. */
  stop(): Promise<void>
  readonly pid: number
  /** The last warnings and errors in its log. */
  complaints(): string
}

export async function startBroker(args: readonly string[] = []): Promise<Broker> {
  const elsewhere = process.env.E2E_BOOTSTRAP
  if (elsewhere) return brokerElsewhere(elsewhere)
  const dataDirectory = mkdtempSync(join(tmpdir(), 'chronicle-e2e-'))
  const kafkaPort = await freePort()
  const start = () => startChronicle({ dataDir: dataDirectory, args: [...args, '--kafka-port', String(kafkaPort)] })
  let server: ChronicleProcess = await start()
  const stopInOrder = async () => {
    const { code, signal } = await server.stop()
    if (code !== 0) throw new Error(`the server stopped with code ${code}, ${signal}:\n${server.stderr.slice(-5000)}`)
  }
  return {
    bootstrap: `127.0.0.1:${kafkaPort}`,
    dataDirectory,
    async start() {
      server = await start()
    },
    get pid() {
      return server.pid
    },
    complaints: () => complaintsIn(server.stderr),
    async kill() {
      await server.kill('SIGKILL')
    },
    async restart() {
      await stopInOrder()
      server = await start()
    },
    async stop() {
      await stopInOrder()
      rmSync(dataDirectory, { recursive: true, force: true })
    },
  }
}

/** Below the range that systems take outgoing ports from: a client that reconnects must not end up on the port of a server that is away. */
const portRange = { from: 20_000, to: 32_000 }

export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(portRange.from, portRange.to)
    const probe = createServer()
    const free = await new Promise<boolean>(resolve => {
      probe.once('error', () => resolve(false))
      probe.listen(port, '127.0.0.1', () => resolve(true))
    })
    if (!free) continue
    probe.close()
    await once(probe, 'close')
    return port
  }
}

/** `E2E_BOOTSTRAP=host:port` runs the checks against another Kafka: what that one fails, the checks are wrong about. */
function brokerElsewhere(bootstrap: string): Broker {
  const nothing = async () => {}
  const complaints = () => ''
  const calls = { restart: nothing, kill: nothing, start: nothing, stop: nothing, complaints }
  return { bootstrap, dataDirectory: '', pid: 0, ...calls }
}

const complaintLinesMax = 10

function complaintsIn(log: string): string {
  const lines = log.split('\n').filter(line => /"level":"(warn|error)"/.test(line) || !line.startsWith('{'))
  return lines.slice(-complaintLinesMax).join('\n').trim()
}
