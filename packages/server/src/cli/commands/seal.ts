import { type Command, InvalidArgumentError, Option } from 'commander'
import type { OpenOptions } from '../seal/open.ts'
import type { PlainRange } from '../seal/range.ts'
import type { SealOptions } from '../seal/seal.ts'
import { addDataFlags, flagValue, loadSettings } from '../settings.ts'
import type { Terminal } from '../terminal.ts'

const sealExamples = `
The sealed file is bound to its name: put in the place of another one, it does not open. Memory stays the same whatever the size.
The output appears when it is whole, and replaces nothing without --force.

Examples:
  chronicle seal report.pdf                              writes report.pdf.sealed
  chronicle seal *.csv --purpose exports                 with a key of their own, which can be rotated and destroyed by itself
  tar c photos | chronicle seal - > photos.tar.sealed    a stream, bound to no name`

const openExamples = `
What was changed, cut off, or put in the place of another file is refused, and nothing of it stays behind. With --stdout the bytes
go out as they are opened, each of them authenticated: only exit code 0 says that they were all.

Examples:
  chronicle open report.pdf.sealed                       writes report.pdf
  chronicle open video.mp4.sealed --range 0-1048575 --stdout > first-megabyte
  chronicle open photos.tar.sealed --stdout | tar x
  chronicle open --inspect report.pdf.sealed             which key, which name; needs no key
  chronicle open ~/ChronicleRaw/heif/2026/11/20/frame_20261120_100000_000000.heif -o frame.heif
                                                         a file of the packer's archive, whose keys are found from its path

A file that was copied out of an archive alone opens with --data-dir ARCHIVE/metadata/keys. To open many, and to read events:
chronicle archive export, chronicle archive cat.`

/** `seal FILE…` and `open FILE…`. */
export function addSeal(program: Command, terminal: Terminal): void {
  withOutput(program.command('seal').description('Encrypt files with a key of the key store'))
    .argument('<files...>', 'files to seal; - is standard input')
    .option('--purpose <purpose>', 'what the key is for: files of another purpose have other keys', 'file')
    .addHelpText('after', sealExamples)
    .action(async (files: string[], options: SealOptions, command: Command) => {
      const { sealFiles } = await import('../seal/seal.ts')
      await sealFiles(terminal, loadSettings(command).values, files, options)
    })
  withOutput(program.command('open').description('Decrypt files that were sealed, or a part of one'))
    .argument('<files...>', 'sealed files; - is standard input')
    .option('--range <a-b>', 'bytes A to B of the plain file alone, counted from 0; A- and -N as in HTTP', range)
    .option('--renamed', 'open a file that you gave another name than it was sealed under')
    .addOption(
      new Option('--inspect', 'show what the clear header says, and open nothing').conflicts(['output', 'stdout']),
    )
    .option('--json', 'with --inspect: as JSON')
    .addHelpText('after', openExamples)
    .action(async (files: string[], options: OpenOptions & { inspect?: boolean; json?: boolean }, command: Command) => {
      if (options.inspect) {
        const { inspectFiles } = await import('../seal/inspect.ts')
        await inspectFiles(terminal, files, options.json ?? false)
      } else {
        const { openFiles } = await import('../seal/open.ts')
        const dataDir = flagValue(command, '--data-dir')
        const named = typeof dataDir === 'string' ? { dataDir } : {}
        await openFiles(terminal, loadSettings(command).values, files, { ...options, ...named })
      }
    })
}

function withOutput(command: Command): Command {
  return addDataFlags(command)
    .option('-o, --output <file>', 'name of the output, for one file; - is standard output')
    .option('--stdout', 'write to standard output')
    .option('--force', 'replace an output that is there')
}

function range(text: string): PlainRange {
  const [, first, last, fromEnd] = /^(?:(\d{1,15})-(\d{1,15})?|-(\d{1,15}))$/.exec(text) ?? []
  if (fromEnd !== undefined) return { first: -Number(fromEnd) }
  if (first === undefined) throw new InvalidArgumentError('Accepted: A-B, A- or -N.')
  return last === undefined ? { first: Number(first) } : { first: Number(first), last: Number(last) }
}
