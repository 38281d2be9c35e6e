/** A connection that keeps a fixed number of requests in flight and counts the answers: the load generator. */
import net from 'node:net'

/** So many bytes of each answer are kept for checking; the rest is counted only. */
const headBytesMax = 192
const landingBytes = 256 * 1024

/** Tells frames (a four-byte length, then at least one byte) apart in what a socket brings, in whatever pieces. */
export class FrameCounter {
  readonly #head = Buffer.alloc(headBytesMax)
  readonly #onFrame: (head: Buffer, frameBytes: number) => void
  #got = 0
  #size = 0

  constructor(onFrame: (head: Buffer, frameBytes: number) => void) {
    this.#onFrame = onFrame
  }

  take(chunk: Uint8Array, length: number): void {
    let at = 0
    while (at < length) {
      if (this.#got < 4) {
        this.#head[this.#got++] = chunk[at++]!
        if (this.#got === 4) this.#size = this.#head.readInt32BE(0) + 4
        continue
      }
      const part = Math.min(length - at, this.#size - this.#got)
      if (this.#got < headBytesMax) {
        this.#head.set(chunk.subarray(at, at + Math.min(part, headBytesMax - this.#got)), this.#got)
      }
      this.#got += part
      at += part
      if (this.#got === this.#size) {
        this.#got = 0
        this.#onFrame(this.#head, this.#size)
      }
    }
  }
}

export type Load = {
  readonly inFlight: number
  /** The next request, or undefined when the load has sent all that it may. */
  next(): Buffer | undefined
  /** Throws where the answer is not what was asked for. Called in the order of the requests. */
  check(head: Buffer, answerBytes: number): void
}

export class Pipe {
  readonly #load: Load
  readonly #socket: net.Socket
  readonly #drained = Promise.withResolvers<void>()
  readonly #exhausted = Promise.withResolvers<void>()
  #pending = 0
  #stopped = false
  answers = 0
  answerBytes = 0

  private constructor(port: number, load: Load, landing: Buffer) {
    this.#load = load
    // Handled where it is awaited; a failure before that must not end the process.
    this.#drained.promise.catch(() => {})
    const frames = new FrameCounter((head, frameBytes) => this.#answered(head, frameBytes))
    this.#socket = net.connect({
      port,
      host: '127.0.0.1',
      noDelay: true,
      onread: {
        buffer: landing,
        callback: (length, buffer) => {
          this.#socket.cork()
          try {
            frames.take(buffer, length)
          } catch (error) {
            this.#drained.reject(error)
            this.#socket.destroy()
          }
          this.#socket.uncork()
          return true
        },
      },
    })
    this.#socket.on('close', () => this.#drained.reject(new Error('the broker closed the connection')))
  }

  /** `landing` may be shared by all pipes of a process: it is emptied within each callback. */
  static async open(port: number, load: Load, landing: Buffer = Buffer.alloc(landingBytes)): Promise<Pipe> {
    const pipe = new Pipe(port, load, landing)
    await new Promise<void>((resolve, reject) => pipe.#socket.once('connect', resolve).once('error', reject))
    pipe.#socket.on('error', error => pipe.#drained.reject(error))
    return pipe
  }

  /** Resolves when `next` has nothing more and everything is answered. */
  get exhausted(): Promise<void> {
    return this.#exhausted.promise
  }

  start(): void {
    this.#socket.cork()
    for (let at = 0; at < this.#load.inFlight; at++) this.#send()
    this.#socket.uncork()
  }

  /** Sends nothing more; resolves when all that was sent is answered, rejects when an answer was wrong. */
  async stop(): Promise<void> {
    this.#stopped = true
    if (this.#pending === 0) this.#drained.resolve()
    await this.#drained.promise
  }

  close(): void {
    this.#socket.destroy()
  }

  #send(): void {
    const request = this.#stopped ? undefined : this.#load.next()
    if (request === undefined) {
      if (this.#pending === 0) this.#exhausted.resolve()
      return
    }
    this.#pending++
    this.#socket.write(request)
  }

  #answered(head: Buffer, answerBytes: number): void {
    this.#pending--
    this.answers++
    this.answerBytes += answerBytes
    this.#load.check(head, answerBytes)
    this.#send()
    if (this.#stopped && this.#pending === 0) this.#drained.resolve()
  }
}

export type Flow = { readonly answers: number; readonly answerBytes: number; readonly seconds: number }

/** Runs all pipes for `seconds`, or until all have sent what they may, and counts what was answered in that time. */
async function run(pipes: readonly Pipe[], seconds: number): Promise<Flow> {
  const before = totals(pipes)
  const started = performance.now()
  for (const pipe of pipes) pipe.start()
  await within(seconds, Promise.all(pipes.map(pipe => pipe.exhausted)))
  const flow = totals(pipes)
  const took = (performance.now() - started) / 1000
  await Promise.all(pipes.map(pipe => pipe.stop()))
  return { answers: flow.answers - before.answers, answerBytes: flow.answerBytes - before.answerBytes, seconds: took }
}

/** Opens a connection for each load, runs them all for `seconds` at most, and closes them. */
export async function runLoads(port: number, loads: readonly Load[], seconds: number): Promise<Flow> {
  const landing = Buffer.alloc(landingBytes)
  const pipes: Pipe[] = []
  try {
    for (const load of loads) pipes.push(await Pipe.open(port, load, landing))
    return await run(pipes, seconds)
  } finally {
    for (const pipe of pipes) pipe.close()
  }
}

async function within(seconds: number, done: Promise<unknown>): Promise<void> {
  const { promise: elapsed, resolve } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, seconds * 1000)
  await Promise.race([elapsed, done])
  clearTimeout(timer)
}

function totals(pipes: readonly Pipe[]): { answers: number; answerBytes: number } {
  let [answers, answerBytes] = [0, 0]
  for (const pipe of pipes) {
    answers += pipe.answers
    answerBytes += pipe.answerBytes
  }
  return { answers, answerBytes }
}
