/** `chronicle capture run` as a real process. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { chroniclePath } from '@chronicle/testing'

export type CaptureProcess = {
  readonly child: ChildProcess
  /** Lines of its log, as they come. */
  readonly log: readonly { readonly level: string; readonly message: string; readonly [name: string]: unknown }[]
  /** The facts of its ready line. */
  readonly ready: Readonly<Record<string, string>>
  /** Resolves with the exit code; null after a kill. */
  end(signal?: NodeJS.Signals): Promise<number | null>
}

/** Resolves once it is ready. `settings` without their prefix: `{ BATCH_WINDOW_SECONDS: '1' }`; `others`: variables as they are. */
export async function startCapture(
  args: readonly string[],
  settings: Readonly<Record<string, string>> = {},
  others: Readonly<Record<string, string>> = {},
): Promise<CaptureProcess> {
  const own = Object.entries(settings).map(([name, value]) => [`CHRONICLE_CAPTURE_${name}`, value])
  const env = { ...process.env, NODE_TEST_CONTEXT: '', ...others, ...Object.fromEntries(own) }
  const child = spawn(process.execPath, [chroniclePath, 'capture', 'run', ...args], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const endWithUs = (): void => void child.kill('SIGKILL')
  process.once('exit', endWithUs)
  const exited = once(child, 'exit').then(([code]) => code as number | null)
  void exited.finally(() => process.off('exit', endWithUs))
  const log: CaptureProcess['log'][number][] = []
  const { promise, resolve, reject } = Promise.withResolvers<CaptureProcess['ready']>()
  createInterface({ input: child.stderr }).on('line', line => {
    const read = parsed(line)
    log.push(read)
    if (read.message === 'ready') resolve(read as never)
  })
  void exited.then(code => reject(new Error(`it ended with ${code} before it was ready: ${JSON.stringify(log)}`)))
  const ready = await promise
  return {
    child,
    log,
    ready,
    end(signal = 'SIGTERM') {
      child.kill(signal)
      return exited
    },
  }
}

function parsed(line: string): CaptureProcess['log'][number] {
  return line.startsWith('{') ? JSON.parse(line) : { level: 'text', message: line }
}
