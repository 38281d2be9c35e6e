/** Chronicle under measurement: the program as users start it, or the bench's own entry with syncs left out. */
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Context } from './harness.ts'
import { connect } from './load/ask.ts'
import { apiVersionsRequest, createTopicErrorAt, createTopicRequest } from './load/frames.ts'
import { freePort, listening, type Running, start } from './processes.ts'

const root = path.join(import.meta.dirname, '..')
const product = [path.join(root, 'packages/server/bin/chronicle.js'), 'start']
const unsynced = [fileURLToPath(new URL('./broker.ts', import.meta.url))]

export type Chronicle = Running & { readonly port: number; readonly httpPort: number; readonly readyMs: number }

/**
 * Starts a broker on data in `name` below the benchmark's directory; ready when it answers ApiVersions. `readyMs` is the time
 * from spawn to that answer.
 */
export async function startChronicle(
  context: Context,
  name: string,
  options: { synced?: boolean; env?: Readonly<Record<string, string>> } = {},
): Promise<Chronicle> {
  const directory = path.join(context.directory, name)
  mkdirSync(directory, { recursive: true })
  const [port, httpPort, metricsPort] = [await freePort(), await freePort(), await freePort()]
  const env = {
    CHRONICLE_DATA_DIR: directory,
    CHRONICLE_KAFKA_PORT: String(port),
    CHRONICLE_PORT: String(httpPort),
    CHRONICLE_METRICS_PORT: String(metricsPort),
    CHRONICLE_LOG_LEVEL: 'warn',
    // Old records go within seconds, so that a minute of load stays within a few gigabytes and files are recycled.
    CHRONICLE_RETENTION_CHECK_INTERVAL: '1s',
    ...options.env,
  }
  const entry = (options.synced ?? true) ? product : unsynced
  const started = performance.now()
  const args = [...profiling(context, name), ...entry]
  const broker = await start(process.execPath, args, { env, ready: () => answers(port) })
  return { ...broker, port, httpPort, readyMs: performance.now() - started }
}

/** Leaves compiled code in the cache, as every start does that is not the first: it is written when a process ends in good order. */
export async function compileOnce(context: Context): Promise<void> {
  context.progress('compiling')
  const broker = await startChronicle(context, 'compiling')
  await broker.stop()
}

function profiling({ profileDirectory, benchmark }: Context, name: string): string[] {
  if (profileDirectory === undefined) return []
  const file = `--cpu-prof-name=${benchmark}-${name}.cpuprofile`
  return ['--cpu-prof', `--cpu-prof-dir=${profileDirectory}`, file]
}

async function answers(port: number): Promise<void> {
  await listening(port, 2)
  const { ask, close } = await connect(port)
  await ask(apiVersionsRequest())
  close()
}

/** Keeps what a benchmark leaves on the disk within bounds. */
export const keepBytes = { 'retention.bytes': String(64 * 1024 * 1024) }

export async function createTopic(
  port: number,
  topic: string,
  partitions: number,
  configs: Readonly<Record<string, string>> = keepBytes,
): Promise<void> {
  const { ask, close } = await connect(port)
  const code = (await ask(createTopicRequest(topic, partitions, configs))).readInt16BE(createTopicErrorAt(topic))
  close()
  if (code !== 0) throw new Error(`creating ${topic} was refused with Kafka's error ${code}`)
}
