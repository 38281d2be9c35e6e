import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Where Debian keeps the binaries of each version: only some of them are on the PATH. */
const debianRoot = '/usr/lib/postgresql'
/** A cluster that recovers from a crash on a busy machine takes some seconds. */
const readyMsMax = 60_000
const stopMsMax = 20_000
const superuser = 'chronicle'
/** `nobody`: PostgreSQL refuses to run as root. */
const unprivileged = 65_534

export type PostgresOptions = {
  /** Settings of postgresql.conf; they win over those of the launcher, which give durability up for speed (`fsync=off`). */
  readonly settings?: Readonly<Record<string, string>>
  /** Files written into the directory before the start, readable by the server only: certificates, pg_hba.conf. */
  readonly files?: Readonly<Record<string, string>>
}

/** A real PostgreSQL on a port that was free, in a directory of its own. */
export type RunningPostgres = {
  /** The process that supervises the others. */
  readonly pid: number
  readonly port: number
  readonly directory: string
  readonly user: string
  readonly password: string
  /** Of the database `postgres`. */
  readonly url: string
  /** Makes an empty database and gives its URL. */
  createDatabase(): Promise<string>
  /** Sends `signal` to all of it: SIGQUIT stops as a power cut would, without a checkpoint; SIGINT in good order. The data stays. */
  kill(signal: 'SIGQUIT' | 'SIGINT'): Promise<void>
  /** Starts it again on the same port and data, after `kill`. */
  start(): Promise<void>
  /** Stops it and removes its directory. */
  stop(): Promise<void>
}

/** Why there is no PostgreSQL to start on this machine, for `test(…, { skip })`; false where there is one. */
export function withoutPostgres(): string | false {
  return binaries() === undefined && 'PostgreSQL is not installed (apt-get install postgresql)'
}

/** Makes a cluster and starts it. Rejects with what the server said when it does not get ready. */
export async function startPostgres(options: PostgresOptions = {}): Promise<RunningPostgres> {
  const bin = binaries()
  if (bin === undefined) throw new Error('initdb and postgres are not on this machine')
  const directory = mkdtempSync(join(tmpdir(), 'chronicle-postgres-'))
  try {
    return await new Cluster(bin, directory, await freePort()).open(options)
  } catch (error) {
    rmSync(directory, { recursive: true, force: true })
    throw error
  }
}

class Cluster implements RunningPostgres {
  readonly user = superuser
  readonly password = randomBytes(12).toString('hex')
  readonly #bin: string
  readonly #data: string
  #arguments: readonly string[] = []
  #child: ChildProcess | undefined
  #exited: Promise<void> = Promise.resolve()
  #said = ''

  readonly directory: string
  readonly port: number

  constructor(bin: string, directory: string, port: number) {
    this.#bin = bin
    this.directory = directory
    this.port = port
    this.#data = join(directory, 'data')
  }

  get pid(): number {
    return this.#child!.pid!
  }

  get url(): string {
    return this.#urlOf('postgres')
  }

  async open({ settings = {}, files = {} }: PostgresOptions): Promise<this> {
    mkdirSync(this.#data, { mode: 0o700 })
    const passwordFile = this.#write(join(this.directory, 'password'), this.password)
    for (const path of [this.directory, this.#data]) own(path)
    const authentication = ['--auth=scram-sha-256', '--pwfile', passwordFile, '--username', superuser]
    await this.#run('initdb', ['-D', this.#data, ...authentication, '--encoding=UTF8', '--locale=C', '--no-sync'])
    for (const [name, text] of Object.entries(files)) this.#write(join(this.#data, name), text)
    const all: Record<string, string> = {
      listen_addresses: '127.0.0.1',
      port: `${this.port}`,
      unix_socket_directories: this.directory,
      fsync: 'off',
      shared_buffers: '64MB',
      ...settings,
    }
    this.#arguments = ['-D', this.#data, ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])]
    await this.start()
    return this
  }

  async start(): Promise<void> {
    this.#said = ''
    const child = spawn(join(this.#bin, 'postgres'), this.#arguments, {
      ...identity(),
      cwd: this.directory,
      env: environment(),
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    this.#child = child
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#exited = promise
    const endWithUs = (): void => void child.kill('SIGQUIT')
    process.once('exit', endWithUs)
    child.once('close', () => {
      process.off('exit', endWithUs)
      resolve()
    })
    await this.#ready(child)
  }

  async createDatabase(): Promise<string> {
    const name = `t${randomBytes(6).toString('hex')}`
    await this.#run('createdb', ['-h', this.directory, '-p', `${this.port}`, '-U', superuser, '--no-password', name])
    return this.#urlOf(name)
  }

  async kill(signal: 'SIGQUIT' | 'SIGINT'): Promise<void> {
    this.#child?.kill(signal)
    const timer = setTimeout(() => this.#child?.kill('SIGKILL'), stopMsMax)
    await this.#exited
    clearTimeout(timer)
  }

  async stop(): Promise<void> {
    await this.kill('SIGQUIT')
    rmSync(this.directory, { recursive: true, force: true })
  }

  #ready(child: ChildProcess): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const fail = (why: string): void => reject(new Error(`PostgreSQL ${why}:\n${this.#said}`))
    const timer = setTimeout(() => fail(`is not ready after ${readyMsMax} ms`), readyMsMax)
    child.once('error', reject)
    child.once('close', () => fail('ended before it was ready'))
    child.stderr!.setEncoding('utf8').on('data', (piece: string) => {
      this.#said = (this.#said + piece).slice(-100_000)
      if (this.#said.includes('ready to accept connections')) resolve()
    })
    return promise.finally(() => clearTimeout(timer))
  }

  async #run(command: string, args: readonly string[]): Promise<void> {
    const env = { ...environment(), PGPASSWORD: this.password }
    await run(join(this.#bin, command), [...args], { ...identity(), cwd: this.directory, env })
  }

  #write(path: string, text: string): string {
    writeFileSync(path, text, { mode: 0o600 })
    own(path)
    return path
  }

  #urlOf(database: string): string {
    return `postgres://${superuser}:${this.password}@127.0.0.1:${this.port}/${database}`
  }
}

/** The directory that has both programs: the newest of Debian's, else the first of the PATH. */
function binaries(): string | undefined {
  const versions = existsSync(debianRoot) ? readdirSync(debianRoot).sort((a, b) => Number(b) - Number(a)) : []
  const places = [
    ...versions.map(version => join(debianRoot, version, 'bin')),
    ...(process.env.PATH ?? '').split(delimiter),
  ]
  return places.find(place => ['initdb', 'postgres', 'createdb'].every(name => existsSync(join(place, name))))
}

function isRoot(): boolean {
  return process.getuid?.() === 0
}

function identity(): { uid?: number; gid?: number } {
  return isRoot() ? { uid: unprivileged, gid: unprivileged } : {}
}

function own(path: string): void {
  if (isRoot()) chownSync(path, unprivileged, unprivileged)
}

/** Without variables that would lead a program to another server; in English, for the launcher reads what the server says. */
function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('PG'))
  return { ...Object.fromEntries(kept), LC_ALL: 'C', TZ: 'UTC' }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  const { port } = server.address() as { port: number }
  await new Promise(resolve => server.close(resolve))
  return port
}
