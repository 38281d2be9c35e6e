import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { compressionsOf, connectAdapter } from '../clients/adapter.ts'
import type { Driver } from '../clients/client.ts'
import { cache, missingProgram, onceFor, run } from './toolchain.ts'

const sources = join(import.meta.dirname, 'java')
/** Small programs: a small heap, and a start without the second compiler. */
const flags = ['-Xmx256m', '-XX:TieredStopAtLevel=1']

export function missingJava(): string | undefined {
  return missingProgram('java', ['-version'], 'install Java 17') ?? missingProgram('mvn', ['-v'], 'install Maven')
}

/** `java` with the class path of `client`, Apache Kafka's client, or of `tools`, its command-line tools. */
export function javaCommand(project: 'client' | 'tools'): string[] {
  const pom = join(sources, project, 'pom.xml')
  const classPath = join(cache, `java-${project}-class-path`)
  onceFor(pom, classPath, () => {
    run('mvn', ['-q', '-B', '-f', pom, 'dependency:build-classpath', `-Dmdep.outputFile=${classPath}`])
  })
  return ['java', ...flags, '-cp', readFileSync(classPath, 'utf8').trim()]
}

function adapter(): string[] {
  return [...javaCommand('client'), join(sources, 'client/Adapter.java')]
}

export const javaDriver: Driver = {
  name: 'Java client',
  missing: missingJava,
  lacks: [],
  compressions: () => compressionsOf(adapter()),
  connect: bootstrap => connectAdapter(adapter(), bootstrap),
}
