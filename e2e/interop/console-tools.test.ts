/** Apache Kafka's own command-line tools, as its documentation uses them. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Broker, startBroker } from '../broker.ts'
import { javaCommand, missingJava } from './java.ts'
import { run } from './toolchain.ts'

const tools = {
  'kafka-topics': 'org.apache.kafka.tools.TopicCommand',
  'kafka-console-producer': 'org.apache.kafka.tools.ConsoleProducer',
  'kafka-console-consumer': 'org.apache.kafka.tools.consumer.ConsoleConsumer',
  'kafka-consumer-groups': 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
  'kafka-get-offsets': 'org.apache.kafka.tools.GetOffsetShell',
  'kafka-broker-api-versions': 'org.apache.kafka.tools.BrokerApiVersionsCommand',
} as const

const topic = `console-${process.pid}`
const group = `${topic}-group`
const skip = missingJava() ?? false
let broker: Broker

before(async () => {
  if (!skip) broker = await startBroker()
})
after(() => broker?.stop())

function tool(name: keyof typeof tools, args: readonly string[], input = ''): string {
  const [java, ...flags] = javaCommand('tools')
  return run(java!, [...flags, tools[name], '--bootstrap-server', broker.bootstrap, ...args], { input })
}

test('kafka-topics creates, lists and describes', { skip }, () => {
  tool('kafka-topics', ['--create', '--topic', topic, '--partitions', '2', '--config', 'retention.ms=86400000'])
  assert.match(tool('kafka-topics', ['--list']), new RegExp(`^${topic}$`, 'm'))
  const described = tool('kafka-topics', ['--describe', '--topic', topic])
  assert.match(described, /PartitionCount:\s*2/)
  assert.match(described, /retention\.ms=86400000/)
})

test('kafka-topics adds partitions', { skip }, () => {
  tool('kafka-topics', ['--alter', '--topic', topic, '--partitions', '3'])
  assert.match(tool('kafka-topics', ['--describe', '--topic', topic]), /PartitionCount:\s*3/)
})

test('the console producer writes what the console consumer reads in a group', { skip }, () => {
  const lines = Array.from({ length: 50 }, (_, at) => `key ${at % 5}:value ${at}`)
  const keyed = ['--reader-property', 'parse.key=true', '--reader-property', 'key.separator=:']
  tool('kafka-console-producer', ['--topic', topic, ...keyed], `${lines.join('\n')}\n`)
  const shown = ['--formatter-property', 'print.key=true', '--formatter-property', 'key.separator=:']
  const bounds = ['--from-beginning', '--max-messages', '50', '--timeout-ms', '30000']
  const read = tool('kafka-console-consumer', ['--topic', topic, '--group', group, ...bounds, ...shown])
  assert.deepEqual(read.trim().split('\n').sort(), lines.sort())
})

test('kafka-consumer-groups lists and describes the group', { skip }, () => {
  assert.match(tool('kafka-consumer-groups', ['--list']), new RegExp(`^${group}$`, 'm'))
  const described = tool('kafka-consumer-groups', ['--describe', '--group', group])
  const lags = [...described.matchAll(new RegExp(`${topic}\\s+\\d+\\s+\\d+\\s+\\d+\\s+(\\d+)`, 'g'))].map(row => row[1])
  assert.ok(lags.length > 0 && lags.every(lag => lag === '0'), described)
})

test('kafka-consumer-groups resets offsets', { skip }, () => {
  const target = ['--group', group, '--topic', topic, '--reset-offsets', '--to-earliest', '--execute']
  assert.match(tool('kafka-consumer-groups', target), new RegExp(`${group}\\s+${topic}\\s+\\d+\\s+0`))
})

test('kafka-get-offsets tells the ends', { skip }, () => {
  const ends = [...tool('kafka-get-offsets', ['--topic', topic]).matchAll(/:\d+:(\d+)$/gm)].map(row => Number(row[1]))
  assert.equal(ends.length, 3)
  assert.equal(
    ends.reduce((sum, end) => sum + end, 0),
    50,
  )
})

test('kafka-broker-api-versions understands the broker', { skip }, () => {
  const versions = tool('kafka-broker-api-versions', [])
  assert.match(versions, /Produce\(0\): \d+ to \d+ \[usable: \d+\]/)
})

test('kafka-consumer-groups and kafka-topics delete', { skip }, () => {
  tool('kafka-consumer-groups', ['--delete', '--group', group])
  assert.doesNotMatch(tool('kafka-consumer-groups', ['--list']), new RegExp(`^${group}$`, 'm'))
  tool('kafka-topics', ['--delete', '--topic', topic])
  assert.doesNotMatch(tool('kafka-topics', ['--list']), new RegExp(`^${topic}$`, 'm'))
})
