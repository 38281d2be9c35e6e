/** The options of `consume`, as they were typed. */
export type ConsumeOptions = {
  bootstrap: string
  follow?: boolean
  fromBeginning?: boolean
  offset?: number
  partition?: number
  group?: string
  maxMessages?: number
  format?: string
}
