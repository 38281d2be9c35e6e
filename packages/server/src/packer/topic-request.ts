import { brokerAddresses, type ControlRequest, packerErrors, type RunRequest, topicNames } from '@chronicle/packer'

/** Which topics a control request asks for, and where. Throws where it names something else. */
export function topicsOf({ topics, bootstrap }: ControlRequest): Pick<RunRequest, 'topics' | 'bootstrap'> {
  return {
    topics: checked('topics', topics, topicNames),
    bootstrap: checked('bootstrap', bootstrap, brokerAddresses),
  }
}

function checked<T>(
  name: string,
  value: unknown,
  { parse, accepts }: { parse(text: string, directory: string): T | undefined; accepts: string },
): T | undefined {
  if (value === undefined) return undefined
  // A list becomes text with commas, as it stands in a file.
  const parsed = parse(String(value), '')
  if (parsed !== undefined) return parsed
  throw packerErrors.create('packer.control-refused', { reason: `${name} is not accepted`, accepted: accepts })
}
