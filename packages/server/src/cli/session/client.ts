import { ApiClient, type UrlOptions } from '../api-client.ts'

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
type ShownPage = { readonly sessions: ShownSession[]; readonly damaged: string[]; readonly next?: string }

export class SessionsClient {
  readonly #api: ApiClient

  /** Throws 'server.invalid-argument' for what is no URL. */
  constructor(options: UrlOptions) {
    this.#api = new ApiClient(options)
  }

  /** All sessions, in the order of their ids; of one whose record is damaged, `onDamaged` is told. */
  async *sessions(onDamaged: (id: string) => void): AsyncGenerator<ShownSession> {
    let after: string | undefined
    do {
      const query = after === undefined ? '' : `?after=${encodeURIComponent(after)}`
      const page = await this.#api.json<ShownPage>(`/sessions${query}`)
      for (const id of page.damaged) onDamaged(id)
      yield* page.sessions
      after = page.next
    } while (after !== undefined)
  }

  async session(id: string): Promise<ShownSession> {
    return this.#api.json(sessionPath(id))
  }

  async finalize(id: string): Promise<ShownRoot> {
    return this.#api.json(`${sessionPath(id)}/finalize`, { method: 'POST' })
  }

  async publicKey(): Promise<string> {
    return (await (await this.#api.ask('/vkey')).text()).trim()
  }

  async checkpoint(id: string): Promise<string> {
    return (await this.#api.ask(`${sessionPath(id)}/checkpoint`)).text()
  }

  async proof(id: string, index: number): Promise<string> {
    return (await this.#api.ask(`${sessionPath(id)}/chunks/${index}/proof`)).text()
  }

  /** A tile or bundle by its C2SP path. */
  async tile(id: string, path: string): Promise<Buffer> {
    return Buffer.from(await (await this.#api.ask(`${sessionPath(id)}/${path}`)).arrayBuffer())
  }

  /** A chunk as it was posted. The server checks every byte; a chunk that turns out to be damaged ends in an error. */
  async *chunk(id: string, index: number): AsyncGenerator<Uint8Array> {
    const response = await this.#api.ask(`${sessionPath(id)}/chunks/${index}`)
    for await (const piece of response.body ?? []) yield piece
  }
}

function sessionPath(id: string): string {
  return `/sessions/${encodeURIComponent(id)}`
}
