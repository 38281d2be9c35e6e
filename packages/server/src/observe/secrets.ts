/** Where the tables and NATS are: as the settings say, else as the secrets API says where there is one. */
import type { Clock } from '@chronicle/base'
import { Alexandria, type DatabasePlace, type NatsSourceOptions, type TablesOptions } from '@chronicle/observe'
import { dataPaths } from '../process/data-directory.ts'
import type { ServerSettings } from '../settings.ts'

/** Undefined without ALEXANDRIA_URL. */
export function secretsOf(settings: ServerSettings, clock: Clock): Alexandria | undefined {
  const { alexandriaUrl: url, alexandriaToken: token } = settings
  return url === undefined ? undefined : new Alexandria({ url, token: token?.reveal(), clock, fetch })
}

/** Never the embedded database where there is a secrets API: events would be in one database or the other, depending on whether it answered. */
export function tablesPlace(settings: ServerSettings, secrets: Alexandria | undefined): TablesOptions['place'] {
  const url = settings.databaseUrl?.reveal()
  if (url !== undefined) return () => ({ url })
  if (secrets !== undefined) return async (): Promise<DatabasePlace> => ({ url: await secrets.value('DATABASE_URL') })
  return () => ({ directory: dataPaths(settings.dataDirectory).tables })
}

/** Undefined where NATS is not read. */
export function natsUrl(
  settings: ServerSettings,
  secrets: Alexandria | undefined,
): NatsSourceOptions['url'] | undefined {
  if (settings.natsUrl !== undefined) return settings.natsUrl.reveal()
  return secrets && (() => secrets.value('NATS_URL'))
}
