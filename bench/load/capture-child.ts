/** Runs a program of capture's benchmarks in a process of its own, and reads the line that it prints. */
import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import type { Context } from '../harness.ts'

const msMax = 600_000
/** Compiled code is kept here: what a program that embeds capture does too, if it wants a quick start in little memory. */
const compileCache = path.join(import.meta.dirname, '../../node_modules/.cache/bench')

/** `program` stands beside this file. A processor profile is left where the run wants them. */
export async function runChild<Result>(
  { profileDirectory }: Context,
  program: string,
  args: readonly string[],
): Promise<Result> {
  const file = path.join(import.meta.dirname, program)
  const profiling = profileDirectory === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileDirectory}`]
  const env = { ...process.env, NODE_COMPILE_CACHE: compileCache }
  const { stdout } = await promisify(execFile)(process.execPath, [...profiling, file, ...args], { env, timeout: msMax })
  return JSON.parse(stdout) as Result
}
