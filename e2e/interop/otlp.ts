/** OpenTelemetry's own exporters, each in a small program that sends the same task and prints the id of its trace. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { interopPython } from './python.ts'
import { cache, missingProgram, onceFor, run } from './toolchain.ts'

const sources = join(import.meta.dirname, 'otlp')

export type Way = {
  /** It sends again what it was told to send again. */
  readonly retries: boolean
  readonly isGrpc: boolean
  /** What OTEL_EXPORTER_OTLP_COMPRESSION may say; undefined: nothing. */
  readonly compressions: readonly (string | undefined)[]
}

const http: Way = { isGrpc: false, retries: true, compressions: [undefined, 'gzip'] }
const grpc: Way = { ...http, isGrpc: true }

export type Exporter = {
  readonly name: string
  /** Why it cannot be used here. */
  readonly missing: string | undefined
  /** The ways in which it sends, by the argument that chooses one. */
  readonly ways: Readonly<Record<string, Way>>
  readonly command: readonly string[]
}

export function pythonExporter(): Exporter {
  const { python, missing } = interopPython('otlp')
  const command = [python, join(sources, 'exporter.py')]
  return {
    name: 'Python',
    missing,
    ways: { http: { ...http, compressions: [undefined, 'gzip', 'deflate'] }, grpc },
    command,
  }
}

export function goExporter(): Exporter {
  const directory = join(sources, 'go')
  const program = join(cache, 'otlp-exporter')
  const missing = missingProgram('go', ['version'], 'install Go')
  const build = () => void run('go', ['build', '-o', program, '.'], { cwd: directory })
  if (missing === undefined) onceFor(join(directory, 'main.go'), program, build)
  return { name: 'Go', missing, ways: { http, grpc }, command: [program] }
}

export function nodeExporter(): Exporter {
  const directory = join(cache, 'otlp-node')
  const program = join(directory, 'exporter.mjs')
  const missing = missingProgram('npm', ['--version'], 'install npm')
  const install = (): void => {
    mkdirSync(directory, { recursive: true })
    copyFileSync(join(sources, 'package.json'), join(directory, 'package.json'))
    // An exporter of gRPC brings a script that it does not need.
    run('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--silent'], { cwd: directory })
  }
  if (missing === undefined) {
    onceFor(join(sources, 'package.json'), directory, install)
    copyFileSync(new URL('./otlp/exporter.mjs', import.meta.url), program)
  }
  // Over gRPC it drops whatever was not taken at once (0.301).
  const ways = { json: http, proto: http, grpc: { ...grpc, retries: false } }
  return { name: 'Node', missing, ways, command: [process.execPath, program] }
}

/** Sends the task; `endpoint` is a URL. Resolves with the id of the trace. */
export async function send(
  { command: [program, ...args] }: Exporter,
  way: string,
  { endpoint, compression }: { readonly endpoint: string; readonly compression: string | undefined },
): Promise<string> {
  const env = {
    ...process.env,
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    ...(compression === undefined ? {} : { OTEL_EXPORTER_OTLP_COMPRESSION: compression }),
    OTEL_SERVICE_NAME: 'planner',
    // Milliseconds; Python takes them for seconds.
    OTEL_EXPORTER_OTLP_TIMEOUT: '30000',
  }
  const child = spawn(program!, [...args, way], { env, stdio: ['ignore', 'pipe', 'pipe'], timeout: 60_000 })
  let said = ''
  let complained = ''
  child.stdout.setEncoding('utf8').on('data', piece => {
    said += piece
  })
  child.stderr.setEncoding('utf8').on('data', piece => {
    complained += piece
  })
  const [code] = await once(child, 'close')
  if (code !== 0 || !/^[0-9a-f]{32}\n$/.test(said)) throw new Error(`${program} ${way}: ${code}\n${said}${complained}`)
  return said.trim()
}
