import { once } from 'node:events'

/** Aborted by Ctrl-C and SIGTERM, which end the process no more then. */
export function interruption(): AbortSignal {
  return AbortSignal.any([signalOf('SIGINT'), signalOf('SIGTERM')])
}

function signalOf(name: NodeJS.Signals): AbortSignal {
  const controller = new AbortController()
  void once(process, name).then(() => controller.abort())
  return controller.signal
}
