/** Rebuilds of the tables in the OpenAPI document. JSON Schema as it stands: see `../topics.ts`. */
import { problemResponse } from '../problem.ts'
import { json } from '../sessions/media.ts'

const tags = ['observe']
const count = (description: string): object => ({ type: 'integer', minimum: 0, description })
const at = (description: string): object => ({ type: 'string', format: 'date-time', description })

const from = {
  type: 'string',
  default: 'beginning',
  description:
    '`beginning`, or a time of RFC 3339: what was logged before it is not read again but taken from the tables in force. Events that the log does not hold any more always are.',
  examples: ['beginning', '2026-11-20T12:00:00Z'],
} as const
const swap = {
  type: 'string',
  enum: ['never', 'ask', 'always'],
  default: 'never',
  description:
    'When the rebuilt tables take the place of those in force: `never` only compares; `ask` waits for POST …/swap after the comparison, 15 minutes at most; `always` does not. Where nothing differs nothing is replaced.',
} as const
const keepOld = {
  type: 'boolean',
  default: true,
  description: 'Whether tables that are replaced are kept for seven days, in the schema observe_before',
} as const

const Difference = {
  type: 'object',
  required: ['key', 'difference', 'columns'],
  properties: {
    key: { type: 'object', additionalProperties: { type: 'string' }, examples: [{ trace_id: 'task-4711' }] },
    difference: { type: 'string', enum: ['only-old', 'only-new', 'different'] },
    columns: { type: 'array', items: { type: 'string' }, description: 'Of a row that is different: in which columns' },
  },
} as const

const Table = {
  type: 'object',
  required: ['table', 'equal', 'only_old', 'only_new', 'different', 'columns', 'examples'],
  properties: {
    table: { type: 'string', enum: ['swarm_events', 'swarm_traces', 'agent_metrics'] },
    equal: count('Rows that are the same in both'),
    only_old: count('Rows that only the table in force has'),
    only_new: count('Rows that only the rebuilt table has'),
    different: count('Rows that are in both, and differ'),
    columns: {
      type: 'object',
      additionalProperties: { type: 'integer' },
      description: 'Rows that differ in a column, by its name',
    },
    examples: {
      type: 'array',
      items: Difference,
      maxItems: 10,
      description: 'The first rows that differ, by their keys',
    },
  },
} as const

export const TablesReplay = {
  $id: 'TablesReplay',
  description: 'How a rebuild of the tables is, the one that runs or the last one',
  type: 'object',
  required: ['id', 'state', 'from', 'swap', 'keep_old', 'started_at', 'step', 'records_read', 'events_carried'],
  properties: {
    id: { type: 'string', format: 'uuid' },
    state: {
      type: 'string',
      enum: ['running', 'waiting', 'compared', 'swapped', 'cancelled', 'failed'],
      description:
        '`waiting`: for POST …/swap. It ends as `compared` (nothing was replaced), `swapped` (the rebuilt tables are in force), `cancelled` or `failed` (the tables are as they were).',
    },
    from,
    swap,
    keep_old: keepOld,
    started_at: at('When it was asked for'),
    ended_at: at('Absent while it runs or waits'),
    step: {
      type: 'object',
      required: ['name', 'done'],
      properties: {
        name: {
          type: 'string',
          enum: ['preparing', 'reading', 'carrying', 'catching-up', 'comparing', 'swapping'],
        },
        done: count('Records or rows of this step'),
        total: count('Absent where it is not known'),
      },
    },
    records_read: count('Records of the log'),
    events_carried: count('Events that came from the tables in force'),
    tables: { type: 'array', items: Table, description: 'Absent until they were compared' },
    error: { $ref: 'Problem#', description: 'Why it failed' },
  },
} as const

const Request = {
  type: 'object',
  additionalProperties: false,
  properties: { from, swap, keep_old: keepOld },
} as const

const accepted = (description: string): object => ({ description, ...json({ $ref: 'TablesReplay#' }) })
const refused = problemResponse('Something in it is not accepted; the problem names it')
const unknown = problemResponse('Nobody has asked for one since the server started')

export const getReplay = {
  operationId: 'getReplay',
  summary: 'How the rebuild of the tables is',
  tags,
  response: { 200: accepted('The one that runs, or the last one'), 400: refused, 404: unknown },
}

export const startReplay = {
  operationId: 'startReplay',
  summary: 'Rebuild all tables from the log, beside those in force, and compare',
  description:
    'Runs in the background. The tables in force serve readers and take events meanwhile; they are replaced all at once or not at all.',
  tags,
  body: Request,
  response: { 202: accepted('It has begun'), 400: refused, 409: problemResponse('Another one runs') },
}

export const swapReplay = {
  operationId: 'swapReplay',
  summary: 'Put the rebuilt tables in force',
  tags,
  response: {
    202: accepted('They are being put in force'),
    400: refused,
    404: unknown,
    409: problemResponse('It does not wait for that'),
  },
}

export const cancelReplay = {
  operationId: 'cancelReplay',
  summary: 'End the rebuild',
  description: 'The tables are as they were. What has ended stays as it is.',
  tags,
  response: { 202: accepted('It ends, or has ended'), 400: refused, 404: unknown },
}
