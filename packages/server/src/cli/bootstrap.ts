import { type Command, InvalidArgumentError, Option } from 'commander'

/** The option that says which server a command talks to. */
export function bootstrapOption(): Option {
  return new Option('--bootstrap <host:port>', 'server to talk to (variable CHRONICLE_BOOTSTRAP)')
    .default(process.env.CHRONICLE_BOOTSTRAP || 'localhost:9092')
    .argParser(parseBootstrap)
}

/** Reads addresses for an option. */
export function parseBootstrap(text: string): string {
  if (!/^[^\s,]+:\d{1,5}(,[^\s,]+:\d{1,5})*$/.test(text)) {
    throw new InvalidArgumentError('Accepted: HOST:PORT, or several with commas between.')
  }
  return text
}

/** Reads a whole number from `min` to `max` for an option. */
export function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return text => {
    const value = Number(text)
    if (/^-?\d+$/.test(text) && value >= min && value <= max) return value
    const range = max === Number.MAX_SAFE_INTEGER ? `${min} or more` : `${min} to ${max}`
    throw new InvalidArgumentError(`Accepted: a whole number, ${range}.`)
  }
}

/** A command that talks to a running server. */
export function clientCommand(parent: Command, nameAndArguments: string, description: string): Command {
  return parent.command(nameAndArguments).description(description).addOption(bootstrapOption())
}
