#!/usr/bin/env node
// S6: plain JavaScript that older versions of Node can parse too. It finds a Node that can run the rest.
import { spawn } from 'node:child_process'
import { existsSync, realpathSync } from 'node:fs'
import * as module from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const majorMin = 24
const program = realpathSync(fileURLToPath(import.meta.url))

/** The nearest `path` below a `node_modules` around this file, or undefined. */
function findInstalled(path) {
  for (let directory = dirname(program); ; directory = dirname(directory)) {
    const candidate = join(directory, 'node_modules', path)
    if (existsSync(candidate)) return candidate
    if (directory === dirname(directory)) return undefined
  }
}

/** Runs the same command line under `node`, in this process's place where the system can do that. */
function runUnder(node) {
  const args = [program, ...process.argv.slice(2)]
  const environment = { ...process.env, CHRONICLE_STARTED_AGAIN: '1' }
  if (process.execve) process.execve(node, [node, ...args], environment)
  // The channel tells the child when this process is gone, however it ended.
  const child = spawn(node, args, { stdio: ['inherit', 'inherit', 'inherit', 'ipc'], env: environment })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => {
    process.exitCode = signal === null ? code : 1
  })
}

if (Number(process.versions.node.split('.')[0]) >= majorMin) {
  delete process.env.CHRONICLE_STARTED_AGAIN
  // Compiled code is kept beside the packages, where nobody else can put any: it halves the time of every later start.
  const packages = findInstalled('')
  if (packages) module.enableCompileCache(join(packages, '.cache', 'chronicle'))
  const { main } = await import('../src/main.ts')
  await main(process.argv.slice(2))
} else {
  const node = process.env.CHRONICLE_STARTED_AGAIN ? undefined : findInstalled('.bin/node')
  if (node) {
    runUnder(realpathSync(node))
  } else {
    console.error(
      `chronicle needs Node ${majorMin} or newer, and this is ${process.versions.node}: run \`npm ci\` in its directory, which brings one, or install Node ${majorMin}`,
    )
    process.exitCode = 1
  }
}
