import type { AgentColumns } from '@chronicle/observe'
import type { UrlOptions } from '../api-client.ts'
import { type Column, count, printable, printableJson, printTable, took } from '../format.ts'
import type { Terminal } from '../terminal.ts'
import { ObserveClient } from './client.ts'
import { printFacts } from './facts.ts'
import { patiently } from './patience.ts'

export type AgentsOptions = UrlOptions & { readonly json?: boolean }

const barCells = 10

/** Shows a day (UTC) of all agents, the current one unless `day` says another. */
export async function listAgents(
  terminal: Terminal,
  options: AgentsOptions & { readonly day?: string },
): Promise<void> {
  const client = new ObserveClient(options)
  const agents = await patiently(terminal, client, () => client.agents(options.day))
  if (options.json) {
    terminal.out(printableJson(agents, 2))
    return
  }
  if (agents.length === 0) {
    terminal.note(`No agent has ended a task or sent a heartbeat ${options.day ? 'on that day' : 'today'} (UTC).`)
    return
  }
  printTable(terminal, columnsOf(terminal), agents.map(cellsOf))
}

/** Shows the newest day of one agent. */
export async function showAgent(terminal: Terminal, id: string, options: AgentsOptions): Promise<void> {
  const client = new ObserveClient(options)
  const agent = await patiently(terminal, client, () => client.agent(id))
  if (options.json) {
    terminal.out(printableJson(agent, 2))
    return
  }
  terminal.out(`${terminal.style('bold', printable(agent.agent_id))}  ${printable(agent.metric_date)} (UTC)`)
  const { min_duration_ms: min, max_duration_ms: max, avg_duration_ms: average, p95_duration_ms: p95 } = agent
  const durations = average === null ? undefined : `${time(average)} on average, 95 % within ${time(p95)}`
  printFacts(terminal, [
    ['completed', count(agent.tasks_completed)],
    ['failed', count(agent.tasks_failed)],
    ['timed out', count(agent.tasks_timed_out)],
    ['took', durations],
    ['from, to', min === null ? undefined : `${time(min)} to ${time(max)}`],
    ['pickup', agent.avg_time_to_pickup_ms === null ? undefined : `${time(agent.avg_time_to_pickup_ms)} on average`],
    ['busy', busyOf(agent)],
  ])
}

function columnsOf(terminal: Terminal): Column[] {
  const notZero = (style: 'red' | 'magenta') => (text: string) => (text === '0' ? text : terminal.style(style, text))
  return [
    { title: 'agent', cut: 'first', cutMin: 16 },
    { title: 'done', right: true },
    { title: 'failed', right: true, style: notZero('red') },
    { title: 'timed out', right: true, style: notZero('magenta'), optional: true },
    { title: 'average', right: true },
    { title: 'p95', right: true, optional: true },
    { title: 'pickup', right: true, optional: true },
    { title: 'busy', style: text => terminal.style('cyan', text) },
  ]
}

function cellsOf(agent: AgentColumns): string[] {
  return [
    printable(agent.agent_id),
    count(agent.tasks_completed),
    count(agent.tasks_failed),
    count(agent.tasks_timed_out),
    time(agent.avg_duration_ms),
    time(agent.p95_duration_ms),
    time(agent.avg_time_to_pickup_ms),
    utilisation(agent.utilization_pct),
  ]
}

function busyOf({ utilization_pct, busy_ms, uptime_ms }: AgentColumns): string | undefined {
  return uptime_ms === 0 ? undefined : `${utilisation(utilization_pct)}, ${took(busy_ms)} of ${took(uptime_ms)}`
}

/** `█████░░░░░ 52 %`; heartbeats may say more than 100. */
function utilisation(percent: number | null): string {
  if (percent === null) return ''
  const cells = Math.round((Math.min(100, percent) / 100) * barCells)
  return `${'█'.repeat(cells)}${'░'.repeat(barCells - cells)} ${Math.round(percent)} %`
}

function time(ms: number | null): string {
  return ms === null ? '' : took(ms)
}
