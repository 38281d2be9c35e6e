import { messageOf } from '@chronicle/base'
import { Option } from 'commander'
import { serverErrors } from '../errors.ts'
import { printable } from './format.ts'

export type UrlOptions = { readonly url: string }

/** The option that says which server's HTTP interface a command talks to. */
export function urlOption(): Option {
  return new Option('--url <url>', 'HTTP interface of the server (variable CHRONICLE_URL)').default(
    process.env.CHRONICLE_URL || 'http://127.0.0.1:8700',
  )
}

/** The HTTP interface of a running server, below /api/v1. */
export class ApiClient {
  readonly #base: string

  /** Throws 'server.invalid-argument' for what is no URL. */
  constructor({ url }: UrlOptions) {
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
      throw serverErrors.create('server.invalid-argument', { url, accepted: 'http://HOST:PORT' })
    }
    this.#base = `${url.replace(/\/+$/, '')}/api/v1`
  }

  /** Whatever the server answers. Rejects with 'server.no-http-server' where nobody does. */
  async request(path: string, init: RequestInit = {}): Promise<Response> {
    try {
      return await fetch(this.#base + path, init)
    } catch (error) {
      const reason = messageOf((error as Error).cause ?? error)
      throw serverErrors.create('server.no-http-server', { url: this.#base, reason }, error)
    }
  }

  /** An answer that is none of success is an error: 'server.request-refused'. */
  async ask(path: string, init: RequestInit = {}): Promise<Response> {
    const response = await this.request(path, init)
    if (response.ok) return response
    throw await refusal(response)
  }

  async json<T>(path: string, init: RequestInit = {}): Promise<T> {
    return (await (await this.ask(path, init)).json()) as T
  }
}

/** Where no problem document comes back: another port of ours answered, another program or a proxy. */
const otherPort =
  'Name the HTTP port of Chronicle, which did not answer here: 8700, unless CHRONICLE_PORT says otherwise.'

/** What a problem document (RFC 9457) says, as an error. */
export async function refusal(response: Response): Promise<Error> {
  const text = await response.text()
  let problem: { code?: string; title?: string; detail?: string; remedy?: string } = {}
  try {
    problem = JSON.parse(text)
  } catch {
    // A proxy in between answers in its own words.
  }
  const { code, title, detail, remedy: advice } = problem
  const shown = (said: string | undefined): string | undefined => (said === undefined ? undefined : printable(said))
  return serverErrors.create('server.request-refused', {
    status: response.status,
    code: shown(code),
    reason: shown(detail ?? title),
    advice: code === undefined ? otherPort : shown(advice),
  })
}
