import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { cache, missingProgram, onceFor, run } from './toolchain.ts'

const sources = join(import.meta.dirname, 'python')

/** A virtual environment for each purpose. */
const environments = {
  clients: { requirements: 'requirements.txt', directory: 'venv' },
  seal: { requirements: 'seal-requirements.txt', directory: 'venv-seal' },
  parquet: { requirements: 'parquet-requirements.txt', directory: 'venv-parquet' },
  arrow: { requirements: 'arrow-requirements.txt', directory: 'venv-arrow' },
  otlp: { requirements: 'otlp-requirements.txt', directory: 'venv-otlp' },
  heif: { requirements: 'heif-requirements.txt', directory: 'venv-heif' },
} as const

/** The Python of a virtual environment that holds the newest clients, what opens sealed files, writes Arrow, sends OTLP, reads Parquet or pictures; undefined where there is no Python. */
export function interopPython(purpose: keyof typeof environments = 'clients'): {
  python: string
  missing: string | undefined
} {
  const requirements = join(sources, environments[purpose].requirements)
  const environment = join(cache, environments[purpose].directory)
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
