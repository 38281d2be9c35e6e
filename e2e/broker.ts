/** The real server as a child process that a test may stop, kill and start again over the same data. */
import { mkdtempSync, rmSync } from 'node:fs'
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
  let server: ChronicleProcess = await startChronicle({ dataDir: dataDirectory, args })
  const { bootstrap, kafkaPort } = server
  const start = async () => {
    server = await startChronicle({ dataDir: dataDirectory, args: [...args, '--kafka-port', String(kafkaPort)] })
  }
  const stopInOrder = async () => {
    const { code, signal } = await server.stop()
    if (code !== 0) throw new Error(`the server stopped with code ${code}, ${signal}:\n${server.stderr.slice(-5000)}`)
  }
  return {
    bootstrap,
    dataDirectory,
    start,
    get pid() {
      return server.pid
    },
    complaints: () => complaintsIn(server.stderr),
    async kill() {
      await server.kill('SIGKILL')
    },
    async restart() {
      await stopInOrder()
      await start()
    },
    async stop() {
      await stopInOrder()
      rmSync(dataDirectory, { recursive: true, force: true })
    },
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
