import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { compressionsOf, connectAdapter } from './adapter.ts'
import type { Driver, Feature } from './client.ts'

/** Debian's own, where its packages of Python clients are: another one may come first on the path. */
export const systemPython = '/usr/bin/python3'

type PythonClient = { module: string; adapter: string; lacks: readonly Feature[]; hint: string }

/** Drives a client of `python`'s through its adapter in `clients/python/`. */
export function pythonDriver(python: string, { module, adapter, lacks, hint }: PythonClient): Driver {
  const command = [python, join(import.meta.dirname, 'python', adapter)]
  const found = spawnSync(python, ['-c', `import ${module}; print(${module}.__version__)`], { encoding: 'utf8' })
  return {
    name: `${module} ${found.stdout?.trim() ?? ''}`.trim(),
    missing: () => (found.status === 0 ? undefined : `${python} has no ${module}: ${hint}`),
    lacks,
    compressions: () => compressionsOf(command),
    connect: bootstrap => connectAdapter(command, bootstrap),
  }
}

export const confluentKafka = { module: 'confluent_kafka', adapter: 'confluent_kafka_adapter.py', lacks: [] } as const
export const kafkaPython = { module: 'kafka', adapter: 'kafka_python_adapter.py' } as const
