/** Apache Kafka's own broker: one node, KRaft, from Maven Central, in a JVM of its own. */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { promisify } from 'node:util'
import { need, PeerMissing } from '../harness.ts'
import { freePort, listening, type Running, start } from '../processes.ts'

const runFile = promisify(execFile)
export const apacheVersion = '4.4.0'
const home = path.join(import.meta.dirname, '..', '.cache', `apache-kafka-${apacheVersion}`)
const libraries = path.join(home, 'libs')

export type ApacheKafka = Running & { readonly port: number }

/**
 * Starts a broker on data in `directory`. With `synced` it syncs each batch before it answers (`log.flush.interval.messages=1`),
 * which is the durability that Chronicle gives; without, it has Kafka's defaults, which answer from the page cache.
 */
export async function startApacheKafka(directory: string, options: { synced: boolean }): Promise<ApacheKafka> {
  await install()
  mkdirSync(directory, { recursive: true })
  const [port, controllerPort] = [await freePort(), await freePort()]
  const properties = path.join(directory, 'server.properties')
  writeFileSync(properties, configuration({ directory, port, controllerPort, synced: options.synced }))
  const classPath = ['-cp', path.join(libraries, '*')]
  const format = ['kafka.tools.StorageTool', 'format', '-t', 'MkU3OEVBNTcwNTJENDM2Qg', '-c', properties]
  await runFile('java', [...classPath, ...format], { timeout: 60_000 })
  const broker = await start('java', [...javaOptions, ...classPath, 'kafka.Kafka', properties], {
    startMsMax: 60_000,
    ready: () => listening(port),
  })
  return { ...broker, port }
}

/** What Kafka's own start script gives the JVM: 1 GiB of heap and the G1 settings of kafka-run-class.sh. */
const javaOptions = [
  '-Xmx1G',
  '-Xms1G',
  '-server',
  '-XX:+UseG1GC',
  '-XX:MaxGCPauseMillis=20',
  '-XX:InitiatingHeapOccupancyPercent=35',
  '-XX:+ExplicitGCInvokesConcurrent',
]

/** Kafka's shipped server.properties with one node on loopback; `log.segment.bytes` and threads stay at their defaults. */
function configuration(options: { directory: string; port: number; controllerPort: number; synced: boolean }): string {
  const lines = {
    'process.roles': 'broker,controller',
    'node.id': '1',
    'controller.quorum.voters': `1@127.0.0.1:${options.controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${options.port},CONTROLLER://127.0.0.1:${options.controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${options.port}`,
    'controller.listener.names': 'CONTROLLER',
    'log.dirs': path.join(options.directory, 'data'),
    'num.partitions': '4',
    'offsets.topic.replication.factor': '1',
    'transaction.state.log.replication.factor': '1',
    'transaction.state.log.min.isr': '1',
    ...(options.synced && { 'log.flush.interval.messages': '1' }),
  }
  return Object.entries(lines)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('')
}

/** Rejects with what is missing where there is no Java 17, no Maven or no registry. */
async function install(): Promise<void> {
  const { stderr } = await need('Java 17 or later (java)', () => runFile('java', ['-version'], { timeout: 20_000 }))
  const java = Number(stderr.match(/version "(\d+)/)?.[1])
  if (!(java >= 17)) throw new PeerMissing(`Apache Kafka ${apacheVersion} needs Java 17 or later, found ${java}`)
  if (existsSync(path.join(libraries, `kafka_2.13-${apacheVersion}.jar`))) return
  mkdirSync(home, { recursive: true })
  writeFileSync(path.join(home, 'pom.xml'), pom)
  const maven = ['-q', '-B', 'dependency:copy-dependencies', `-DoutputDirectory=${libraries}`]
  await need('Maven (mvn) and Maven Central', () => runFile('mvn', maven, { cwd: home, timeout: 300_000 }))
}

/** The broker alone. kafka-tools-api serves only the tool that dumps segments. */
const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>bench</groupId>
  <artifactId>apache-kafka</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka_2.13</artifactId>
      <version>${apacheVersion}</version>
      <exclusions>
        <exclusion>
          <groupId>org.apache.kafka</groupId>
          <artifactId>kafka-tools-api</artifactId>
        </exclusion>
      </exclusions>
    </dependency>
  </dependencies>
</project>
`
