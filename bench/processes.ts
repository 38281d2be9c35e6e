/** Real processes under measurement: started on free ports, watched through /proc, always ended. */
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import net from 'node:net'

const clockTicksPerSecond = 100

export type Running = {
  readonly pid: number
  /** Everything written to standard error so far, the last few kilobytes of it. */
  errors(): string
  /** Asks it to stop, and makes it after ten seconds. */
  stop(): Promise<void>
  /** Ends it as a crash does. */
  kill(): Promise<void>
}

/** Ended with the benchmark, whatever happens to it. */
const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** Starts a program; resolves when `ready` does. Rejects with its own words when it ends before. */
export async function start(
  command: string,
  args: readonly string[],
  options: {
    env?: Readonly<Record<string, string>>
    startMsMax?: number
    ready(child: ChildProcess): Promise<unknown>
  },
): Promise<Running> {
  const child = spawn(command, args, { env: { ...process.env, ...options.env }, stdio: ['pipe', 'pipe', 'pipe'] })
  running.add(child)
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-8192)
  })
  const ended = new Promise<never>((_, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      running.delete(child)
      reject(new Error(`${command} ended with ${code ?? signal}: ${errors.trim().slice(-600)}`))
    })
  })
  ended.catch(() => {})
  const stop = (): Promise<void> => end(child, 'SIGTERM')
  try {
    await Promise.race([options.ready(child), ended, timeout(options.startMsMax ?? 30_000, command)])
  } catch (error) {
    await stop()
    throw error
  }
  // What nobody reads must not fill the pipe and stop the program.
  child.stdout.resume()
  return { pid: child.pid!, errors: () => errors, stop, kill: () => end(child, 'SIGKILL') }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise<void>(resolve => child.once('exit', () => resolve()))
  child.kill(signal)
  const kill = setTimeout(() => child.kill('SIGKILL'), 10_000)
  await gone
  clearTimeout(kill)
}

function timeout(milliseconds: number, what: string): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`${what} was not ready within ${milliseconds} ms`)), milliseconds).unref()
  })
}

/** The first line on standard output that `pattern` matches. */
export function line(child: ChildProcess, pattern: RegExp): Promise<RegExpMatchArray> {
  let text = ''
  return new Promise(resolve => {
    child.stdout!.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      const match = text.match(pattern)
      if (match) resolve(match)
    })
  })
}

/** Resolves when something accepts connections on `port`. */
export async function listening(port: number, everyMs = 50): Promise<void> {
  for (;;) {
    const accepted = await new Promise<boolean>(resolve => {
      const socket = net.connect(port, '127.0.0.1')
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
      socket.once('connect', () => socket.destroy())
    })
    if (accepted) return
    await new Promise(resolve => setTimeout(resolve, everyMs))
  }
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  const { port } = server.address() as net.AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}

/** Processor time that a process and its threads have used, user and system, in milliseconds (proc(5), stat). */
export function cpuMs(pid: number, whose: 'alone' | 'with ended children' = 'alone'): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const ticks = fields.slice(11, whose === 'alone' ? 13 : 15).reduce((sum, field) => sum + Number(field), 0)
  return (ticks * 1000) / clockTicksPerSecond
}

/** Resident memory of a process in megabytes; `peak` is the most it ever had. */
export function residentMB(pid: number, which: 'now' | 'peak' = 'now'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1')
  const match = status.match(which === 'now' ? /VmRSS:\s+(\d+) kB/ : /VmHWM:\s+(\d+) kB/)
  return (Number(match?.[1]) * 1024) / 1_000_000
}

/** Processor time since some moment in the past, in milliseconds (proc(5), stat): of all cores, and of this process and its ended children. */
export type ProcessorTime = { readonly allMs: number; readonly busyMs: number; readonly oursMs: number }

export function processorTime(): ProcessorTime {
  const [user, nice, system, idle, wait, irq, softirq, steal] = readFileSync('/proc/stat', 'latin1')
    .split('\n', 1)[0]!
    .split(/\s+/)
    .slice(1)
    .map(Number) as [number, number, number, number, number, number, number, number]
  const busy = user + nice + system + irq + softirq + steal
  const own = readFileSync('/proc/self/stat', 'latin1')
  const fields = own.slice(own.lastIndexOf(')') + 2).split(' ')
  const ours = fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0)
  const ms = 1000 / clockTicksPerSecond
  return { allMs: (busy + idle + wait) * ms, busyMs: busy * ms, oursMs: ours * ms }
}

/** Share of all cores that neither this process nor its children used between two moments. */
export function othersShare(before: ProcessorTime, after: ProcessorTime): number {
  const others = after.busyMs - before.busyMs - (after.oursMs - before.oursMs)
  return Math.max(0, others) / Math.max(1, after.allMs - before.allMs)
}
