import { Option } from 'commander'
import { serverErrors } from '../../errors.ts'

export type UrlOptions = { readonly url: string }

/** The option that says which server's HTTP interface a command talks to. */
export function urlOption(): Option {
  return new Option('--url <url>', 'HTTP interface of the server (variable CHRONICLE_URL)').default(
    process.env.CHRONICLE_URL || 'http://127.0.0.1:8700',
  )
}

/** A session as the server shows it; sizes in bytes. */
export type ShownSession = {
  readonly session_id: string
  readonly state: 'open' | 'finalizing' | 'finalized' | 'deleted'
  readonly created_at: string
  readonly finalized_at?: string
  readonly deleted_at?: string
  readonly chunks: number
  readonly tree_size: number
  readonly plain_size: number
  readonly stored_size: number
  readonly key_id: string
}

export type ShownRoot = {
  readonly session_id: string
  readonly merkle_root: string
  readonly tree_size: number
  readonly checkpoint: string
}

/** The HTTP interface of sessions, as far as the commands use it. */
export class SessionsClient {
  readonly #base: string

  /** Throws 'server.invalid-argument' for what is no URL. */
  constructor({ url }: UrlOptions) {
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
      throw serverErrors.create('server.invalid-argument', { url, accepted: 'http://HOST:PORT' })
    }
    this.#base = `${url.replace(/\/+$/, '')}/api/v1`
  }

  /** All sessions, in the order of their ids. */
  async *sessions(): AsyncGenerator<ShownSession> {
    let after: string | undefined
    do {
      const query = after === undefined ? '' : `?after=${encodeURIComponent(after)}`
      const page = (await (await this.#ask(`/sessions${query}`)).json()) as { sessions: ShownSession[]; next?: string }
      yield* page.sessions
      after = page.next
    } while (after !== undefined)
  }

  async session(id: string): Promise<ShownSession> {
    return (await (await this.#ask(sessionPath(id))).json()) as ShownSession
  }

  async finalize(id: string): Promise<ShownRoot> {
    return (await (await this.#ask(`${sessionPath(id)}/finalize`, 'POST')).json()) as ShownRoot
  }

  async publicKey(): Promise<string> {
    return (await (await this.#ask('/vkey')).text()).trim()
  }

  async checkpoint(id: string): Promise<string> {
    return (await this.#ask(`${sessionPath(id)}/checkpoint`)).text()
  }

  async proof(id: string, index: number): Promise<string> {
    return (await this.#ask(`${sessionPath(id)}/chunks/${index}/proof`)).text()
  }

  /** A tile or bundle by its C2SP path. */
  async tile(id: string, path: string): Promise<Buffer> {
    return Buffer.from(await (await this.#ask(`${sessionPath(id)}/${path}`)).arrayBuffer())
  }

  /** A chunk as it was posted. The server checks every byte; a chunk that turns out to be damaged ends in an error. */
  async *chunk(id: string, index: number): AsyncGenerator<Uint8Array> {
    const response = await this.#ask(`${sessionPath(id)}/chunks/${index}`)
    for await (const piece of response.body ?? []) yield piece
  }

  async #ask(path: string, method = 'GET'): Promise<Response> {
    const url = this.#base + path
    const response = await fetch(url, { method }).catch(error => {
      throw serverErrors.create('server.no-http-server', { url: this.#base }, error)
    })
    if (response.ok) return response
    throw await refusal(response)
  }
}

function sessionPath(id: string): string {
  return `/sessions/${encodeURIComponent(id)}`
}

/** What a problem document (RFC 9457) says. */
async function refusal(response: Response): Promise<Error> {
  const text = await response.text()
  let problem: { code?: string; title?: string; detail?: string; remedy?: string } = {}
  try {
    problem = JSON.parse(text)
  } catch {
    // A proxy in between answers in its own words.
  }
  const { code, title, detail, remedy: advice } = problem
  return serverErrors.create('server.request-refused', {
    status: response.status,
    code,
    reason: detail ?? title,
    advice,
  })
}
