/** The result as a table for people and as JSON for programs. */
import os from 'node:os'
import { type Figure, type Row, verdictOf } from './harness.ts'

export type Section = {
  readonly name: string
  readonly about: string
  readonly seconds: number
  /** Part of the machine's cores that other processes and the kernel's own threads took meanwhile: above about 0.1 it disturbs. */
  readonly othersShare: number
  readonly rows: readonly Row[]
}

export type Machine = {
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  readonly node: string
  readonly kernel: string
}

export function describeMachine(): Machine {
  return {
    cpu: os.cpus()[0]?.model ?? 'unknown',
    cores: os.availableParallelism(),
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    node: process.version,
    kernel: os.release(),
  }
}

const columns = ['what', 'ours', 'peer', 'ratio', 'spread', 'target', ''] as const

export function table(section: Section): string {
  const lines = section.rows.map(cellsOf)
  const widths = columns.map((title, at) => Math.max(title.length, ...lines.map(cells => cells[at]!.length)))
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at]!) : cell.padStart(widths[at]!)))
      .join('  ')
      .trimEnd()
  const rule = widths.map(width => '─'.repeat(width)).join('──')
  const others = `others took ${(section.othersShare * 100).toFixed(0)} % of the cores`
  const title = `${section.name}: ${section.about} (${section.seconds.toFixed(0)} s, ${others})`
  return [title, line(columns), rule, ...lines.map(line)].join('\n')
}

function cellsOf(row: Row): string[] {
  if (row.skipped !== undefined) return [row.what, '', row.skipped, '', '', targetOf(row), 'skipped']
  return [
    row.what,
    row.ours ? figure(row.ours) : '',
    row.peer ? `${row.peer.name} ${figure(row.peer)}` : '',
    row.ratio === undefined ? '' : significant(row.ratio),
    row.spread ? `${significant(row.spread[0])}–${significant(row.spread[1])}` : '',
    targetOf(row),
    verdictOf(row),
  ]
}

function targetOf(row: Row): string {
  if (row.target === undefined) return ''
  const bound = `${row.target.bound === 'at least' ? '≥' : '≤'} ${significant(row.target.value)}`
  return row.target.of === 'figure' && row.ours ? `${bound} ${row.ours.unit}` : bound
}

function figure({ value, unit }: Figure): string {
  return `${significant(value)} ${unit}`
}

/** Three significant digits, thousands apart: 1,270 · 0.762 · 18.4. */
function significant(value: number): string {
  if (!Number.isFinite(value)) return '–'
  return new Intl.NumberFormat('en', { maximumSignificantDigits: 3 }).format(value)
}

export function summary(sections: readonly Section[]): string {
  const verdicts = sections.flatMap(section => section.rows.map(verdictOf))
  const count = (verdict: string): number => verdicts.filter(each => each === verdict).length
  return `${count('met')} targets met, ${count('missed')} missed, ${count('skipped')} skipped`
}
