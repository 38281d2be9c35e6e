/**
 * What can be known of the image without an engine: what the file says, and whether the files that it copies are enough. They are put together as the
 * image has them, and its own commands run there as a user who owns nothing.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { after, test } from 'node:test'
import {
  environmentOf,
  execForm,
  parseContainerfile,
  parseCopy,
  type Stage,
  valuesOf,
} from './support/containerfile.ts'

const root = resolve(import.meta.dirname, '../../..')
const stages = parseContainerfile(readFileSync(join(root, 'Containerfile'), 'utf8'))
const build = stages.find(({ name }) => name === 'build')!
const final = stages.at(-1)!
const nobody = 65534

const image = mkdtempSync(join(tmpdir(), 'chronicle-image-'))
const children: ChildProcess[] = []
after(() => {
  for (const child of children) child.kill('SIGKILL')
  rmSync(image, { recursive: true, force: true })
})

test('the final stage is distroless, runs as 65534:65534, and nothing in it needs a shell', () => {
  assert.ok(stages.length > 1)
  assert.match(final.from, /^gcr\.io\/distroless\/[a-z0-9-]+:nonroot$/)
  assert.deepEqual(valuesOf(final, 'USER'), ['65534:65534'])
  assert.deepEqual(valuesOf(final, 'RUN'), [])
  assert.equal(execForm(one(final, 'ENTRYPOINT'))[0], '/app/node_modules/.bin/node')
  assert.deepEqual(execForm(one(final, 'CMD')), ['start'])
  assert.deepEqual(healthCommand().slice(-1), ['health'])
  const secrets = Object.keys(environmentOf(final)).filter(name => /PASS|SECRET|TOKEN/.test(name))
  assert.deepEqual(secrets, [])
})

test('every source of a COPY is there, and .dockerignore lets it through', () => {
  const ignored = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n')
  for (const { from, sources } of valuesOf(build, 'COPY').map(parseCopy)) {
    assert.equal(from, undefined)
    for (const source of sources) {
      assert.ok(existsSync(join(root, source)), source)
      assert.ok(ignored.includes(`!${source}`), `${source} is ignored`)
    }
  }
  const built = ['/app/package.json', '/app/node_modules', '/app/packages', '/data']
  for (const { from, sources } of valuesOf(final, 'COPY').map(parseCopy)) {
    assert.equal(from, 'build')
    for (const source of sources) assert.ok(built.includes(source), source)
  }
})

test('what the image holds is enough: it starts, is healthy, seals a chunk and stops', {
  timeout: 120_000,
}, async () => {
  assemble()
  const environment = await imageEnvironment()
  const server = start([...execForm(one(final, 'ENTRYPOINT')), ...execForm(one(final, 'CMD'))], environment)
  await server.until(/"message":"ready"/)
  const health = start(healthCommand(), environment)
  assert.equal(await health.exit, 0, health.said())

  const url = `http://127.0.0.1:${environment.CHRONICLE_PORT}/api/v1/sessions/first`
  const headers = { 'content-type': 'application/octet-stream' }
  const posted = await fetch(`${url}/chunks/0`, { method: 'PUT', headers, body: 'hello' })
  assert.equal(posted.status, 201, await posted.text())
  assert.equal(await (await fetch(`${url}/chunks/0`)).text(), 'hello')

  server.child.kill('SIGTERM')
  assert.equal(await server.exit, 0, server.said())
  const after = start(healthCommand(), environment)
  assert.equal(await after.exit, 1)
})

function one(stage: Stage, name: string): string {
  const values = valuesOf(stage, name)
  assert.equal(values.length, 1, name)
  return values[0]!
}

function healthCommand(): string[] {
  return execForm(one(final, 'HEALTHCHECK').replace(/^(--\S+\s+)*CMD\s+/, ''))
}

/** Puts together what the build stage leaves, as `npm ci --omit=dev` does, and copies what the final stage copies. */
function assemble(): void {
  chmodSync(image, 0o755)
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; link?: boolean }>
  }
  const installed = Object.entries(lock.packages).filter(([path, { dev }]) => path.startsWith('node_modules/') && !dev)
  const copy = (path: string): void => {
    if (existsSync(join(root, path))) cpSync(join(root, path), join(image, 'app', path), copying)
  }
  copy('package.json')
  copy('packages')
  for (const [path] of installed) if (dirname(path) !== '.bin') copy(path)
  copy('node_modules/.bin/node')
  mkdirSync(join(image, 'data'))
  if (process.getuid?.() === 0) chownSync(join(image, 'data'), nobody, nobody)
}

/** As .dockerignore and the build leave it: no tests, no headers and manuals of Node, nothing that lies below another package. */
const copying = {
  recursive: true,
  verbatimSymlinks: true,
  filter: (source: string) =>
    !/\/packages\/[^/]+\/(test|node_modules)(\/|$)|\/node-linux-[^/]+\/(include|share)(\/|$)/.test(source),
}

/** The variables of the image, on ports that are free here. */
async function imageEnvironment(): Promise<Record<string, string>> {
  const [kafka, http, metrics] = await freePorts(3)
  return {
    ...environmentOf(final),
    CHRONICLE_DATA_DIR: join(image, 'data'),
    CHRONICLE_KAFKA_PORT: `${kafka}`,
    CHRONICLE_PORT: `${http}`,
    CHRONICLE_METRICS_PORT: `${metrics}`,
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1')
      await new Promise(resolve => server.once('listening', resolve))
      return server
    }),
  )
  const ports = servers.map(server => (server.address() as { port: number }).port)
  await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))))
  return ports
}

/** Runs a command of the image: its paths lead into the copy, its user is the image's where this one may change to it. */
function start(command: readonly string[], env: Record<string, string>) {
  const [program, ...args] = command.map(word => (word.startsWith('/') ? join(image, word) : word))
  const user = process.getuid?.() === 0 ? { uid: nobody, gid: nobody } : {}
  const child = spawn(program!, args, { env, cwd: join(image, 'app'), stdio: ['ignore', 'pipe', 'pipe'], ...user })
  children.push(child)
  let said = ''
  let look: () => void = () => undefined
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (piece: string) => {
      said += piece
      look()
    })
  }
  const exit = new Promise<number | null>(resolve => child.on('close', resolve))
  const until = (pattern: RegExp) =>
    new Promise<void>((resolve, reject) => {
      look = () => pattern.test(said) && resolve()
      void exit.then(code => reject(new Error(`ended with ${code}:\n${said}`)))
      look()
    })
  return { child, exit, until, said: () => said }
}
