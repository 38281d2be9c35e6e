import type { Command } from 'commander'
import type { Terminal } from '../terminal.ts'
export function addProduce(_program: Command, _terminal: Terminal): void {}
