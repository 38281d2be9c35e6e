/** A Chromium without a window, driven over its DevTools protocol: what a page does can be seen in a real browser. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'

const waitMsMax = 30_000
const lookEveryMs = 50
const options = ['--headless', '--no-sandbox', '--disable-gpu', '--remote-debugging-port=0']

/** Why there is no browser to start, for `test(…, { skip })`; false where there is one. */
export function withoutBrowser(): string | false {
  return spawnSync('chromium', ['--version']).status !== 0 && 'Chromium is not installed (apt-get install chromium)'
}

export class Browser {
  readonly #process: ChildProcess
  readonly #profile: string
  readonly #socket: WebSocket
  readonly #answers = new Map<number, (answer: { readonly result?: object }) => void>()
  #asked = 0
  /** What the page complained about: exceptions, refused loads, broken rules of its policy. */
  readonly complaints: string[] = []

  private constructor(process: ChildProcess, profile: string, socket: WebSocket) {
    this.#process = process
    this.#profile = profile
    this.#socket = socket
    socket.onmessage = ({ data }) => {
      const message = JSON.parse(String(data))
      if (message.id !== undefined) this.#answers.get(message.id)?.(message)
      else if (message.method === 'Runtime.exceptionThrown' || message.method === 'Log.entryAdded') {
        this.complaints.push(JSON.stringify(message.params))
      }
    }
  }

  static async start(): Promise<Browser> {
    const profile = mkdtempSync(join(tmpdir(), 'chronicle-browser-'))
    const child = spawn('chromium', [...options, `--user-data-dir=${profile}`, 'about:blank'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let host: string | undefined
    for await (const line of createInterface({ input: child.stderr })) {
      host = /^DevTools listening on ws:\/\/([^/]+)/.exec(line)?.[1]
      if (host !== undefined) break
    }
    child.stderr.resume()
    const target = await (await fetch(`http://${host}/json/new?about:blank`, { method: 'PUT' })).json()
    const socket = new WebSocket((target as { webSocketDebuggerUrl: string }).webSocketDebuggerUrl)
    await once(socket, 'open')
    const browser = new Browser(child, profile, socket)
    for (const domain of ['Page', 'Runtime', 'Log']) await browser.#send(`${domain}.enable`)
    return browser
  }

  async open(url: string): Promise<void> {
    await this.#send('Page.navigate', { url })
  }

  /** What the expression gives in the page, as JSON has it. */
  async value<T>(expression: string): Promise<T> {
    const answer = await this.#send('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true })
    return (answer.result as { result?: { value?: T } }).result?.value as T
  }

  /** Waits until the expression is true in the page. */
  async until(expression: string): Promise<void> {
    for (let waited = 0; waited < waitMsMax; waited += lookEveryMs) {
      if (await this.value<boolean>(`Boolean(${expression})`)) return
      await sleep(lookEveryMs)
    }
    throw new Error(`the page never came to ${expression}: ${await this.value('document.body?.innerText')}`)
  }

  async stop(): Promise<void> {
    this.#socket.close()
    const exited = once(this.#process, 'exit')
    this.#process.kill('SIGKILL')
    await exited
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5 })
  }

  #send(method: string, params: object = {}): Promise<{ readonly result?: object }> {
    const id = ++this.#asked
    const answer = Promise.withResolvers<{ readonly result?: object }>()
    this.#answers.set(id, answer.resolve)
    this.#socket.send(JSON.stringify({ id, method, params }))
    return answer.promise
  }
}
