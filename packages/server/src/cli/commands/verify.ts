import { type Command, InvalidArgumentError, Option } from 'commander'
import { wholeNumber } from '../bootstrap.ts'
import { addDataFlags, loadSettings } from '../settings.ts'
import type { Terminal } from '../terminal.ts'
import type { VerifyOptions } from '../verify/verify.ts'

const examples = `
Nothing is asked of any server. What a file is, its content says: a proof (.tlog-proof), a checkpoint, a sealed file; a directory is an
exported session; every other name is the id of a session in the data directory. Without --key, the key of the local key store is
the one that is trusted. Exit code 0: valid; 1: refused, or not all could be checked; 2: the command line is not accepted.

Examples:
  chronicle verify chunk-5.tlog-proof --key chronicle.vkey --payload chunk-5.bin
  chronicle verify chunk-5.tlog-proof --key chronicle.vkey --witness w1.vkey --witness w2.vkey --quorum 1
  chronicle verify my-session                            tree and chunks of a session in ./data
  chronicle verify exported/ --key chronicle.vkey
  chronicle verify report.pdf.sealed                     opens all of it and writes nothing
  curl -s $URL/proof | chronicle verify - --key chronicle.vkey --json`

/** `verify PROOF|SESSION|FILE…`. */
export function addVerify(program: Command, terminal: Terminal): void {
  const keys = (given: string, before: string[]) => [...before, given]
  addDataFlags(program.command('verify').description('Check proofs, sessions and sealed files, offline'))
    .argument(
      '<files...>',
      'proofs, checkpoints, sealed files, exported sessions, ids of sessions; - is standard input',
    )
    .addOption(
      new Option('--key <file>', 'public key that is trusted, or a file with it; may be given again')
        .argParser(keys)
        .default([], 'that of the local key store'),
    )
    .addOption(
      new Option('--witness <file>', 'public key of a witness, or a file with it; may be given again')
        .argParser(keys)
        .default([], 'none'),
    )
    .option('--quorum <number>', 'how many of these witnesses must have cosigned (all)', wholeNumber(0, 100))
    .option('--payload <file>', 'bytes that the proof has to be about')
    .option('--leaf <hex>', 'leaf hash that the proof has to be about, as a receipt has it', leafHash)
    .option('--json', 'findings as JSON')
    .addHelpText('after', examples)
    .action(async (targets: string[], options: VerifyOptions, command: Command) => {
      const { verifyAll } = await import('../verify/verify.ts')
      process.exitCode = await verifyAll(terminal, loadSettings(command).values, targets, options)
    })
}

function leafHash(text: string): string {
  if (/^[0-9a-f]{64}$/i.test(text)) return text.toLowerCase()
  throw new InvalidArgumentError('Accepted: 64 hexadecimal digits.')
}
