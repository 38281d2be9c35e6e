import type { Terminal } from '../cli/terminal.ts'
import type { Addresses } from './serve.ts'

/** Tells the person at the terminal where everything is, and what to try first. */
export function printReady(terminal: Terminal, addresses: Addresses, version: string): void {
  const { kafka, http, otlp, metrics, dataDirectory, keys, kafkaPort } = addresses
  const bootstrap = kafkaPort === 9092 ? '' : ` --bootstrap ${kafka}`
  const places = [
    ['Kafka', kafka],
    ['HTTP', `${http} (open it in a browser)`],
    ...(otlp === undefined ? [] : [['OTLP', `${otlp} (gRPC)`] as const]),
    ['Metrics', metrics],
    ['Data', dataDirectory],
    ['Keys', keys],
  ] as const
  terminal.out()
  terminal.out(`${terminal.style('bold', 'Chronicle')} ${version} is ready.`)
  terminal.out()
  for (const [name, place] of places) {
    terminal.out(`  ${terminal.style('dim', name.padEnd(8))} ${terminal.style('cyan', place)}`)
  }
  terminal.out()
  terminal.out('Try, in another terminal:')
  terminal.out(`  echo hello | npx chronicle produce greetings${bootstrap}`)
  terminal.out(`  npx chronicle consume greetings --follow --from-beginning${bootstrap}`)
  terminal.out()
  terminal.out(terminal.style('dim', 'Ctrl-C stops it in good order.'))
  terminal.out()
}
