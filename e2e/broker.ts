/** The real server as a child process, on a port and a data directory of its own. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type Broker = {
  readonly bootstrap: string
  readonly dataDirectory: string
  /** Stops it in order and starts it again on the same port and data. */
  restart(): Promise<void>
  /** SIGKILL: resolves when the process is gone. */
  kill(): Promise<void>
  /** Starts it again after `kill`. */
  start(): Promise<void>
  /** Stops it in order and removes its data. */
  stop(): Promise<void>
}

const startPatienceMs = 20_000

export async function startBroker(): Promise<Broker> {
  const elsewhere = process.env.E2E_BOOTSTRAP
  if (elsewhere) return brokerElsewhere(elsewhere)
  const dataDirectory = mkdtempSync(join(tmpdir(), 'chronicle-e2e-'))
  const port = await freePort()
  let child: ChildProcess
  const start = async () => {
    child = await launch(port, dataDirectory)
  }
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill(signal)
    await gone
  }
  await start()
  return {
    bootstrap: `127.0.0.1:${port}`,
    dataDirectory,
    start,
    kill: () => end('SIGKILL'),
    async restart() {
      await end('SIGTERM')
      await start()
    },
    async stop() {
      await end('SIGTERM')
      rmSync(dataDirectory, { recursive: true, force: true })
    },
  }
}

/** `E2E_BOOTSTRAP=host:port` runs the checks against another Kafka: what it fails, the checks are wrong about. */
function brokerElsewhere(bootstrap: string): Broker {
  const nothing = async () => {}
  return { bootstrap, dataDirectory: '', restart: nothing, kill: nothing, start: nothing, stop: nothing }
}

async function launch(port: number, dataDirectory: string): Promise<ChildProcess> {
  const flags = ['--kafka-port', String(port), '--http-port', '0', '--metrics-port', '0', '--data-dir', dataDirectory]
  const child = spawn(process.execPath, ['packages/server/bin/chronicle.js', 'start', ...flags], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr!.setEncoding('utf8').on('data', text => {
    said = (said + text).slice(-10_000)
  })
  const deadline = Date.now() + startPatienceMs
  while (!(await accepts(port))) {
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`the server did not start:\n${said}`)
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  return child
}

function accepts(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false))
    socket.on('connect', () => socket.destroy())
  })
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}
