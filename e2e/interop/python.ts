import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { cache, missingProgram, onceFor, run } from './toolchain.ts'

const requirements = join(import.meta.dirname, 'python/requirements.txt')
const environment = join(cache, 'venv')

/** The Python of a virtual environment that holds the newest clients; undefined where there is no Python. */
export function interopPython(): { python: string; missing: string | undefined } {
  const python = join(environment, 'bin/python')
  const missing = missingProgram('python3', ['-c', 'import venv, ensurepip'], 'install Python 3 with its venv module')
  if (missing === undefined) {
    onceFor(requirements, environment, () => {
      rmSync(environment, { recursive: true, force: true })
      run('python3', ['-m', 'venv', environment])
      run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements])
    })
  }
  return { python, missing }
}
