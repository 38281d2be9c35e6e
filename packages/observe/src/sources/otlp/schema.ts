/** Messages of opentelemetry-proto 1.x (collector/trace/v1, trace/v1, common/v1), with the names of their JSON form. */

import type { Field, FieldType, Schema } from './protobuf.ts'

const one = (name: string, type: FieldType): Field => ({ name, type })
const many = (name: string, type: FieldType): Field => ({ name, type, isRepeated: true })

const anyValue: Schema = {
  1: one('stringValue', 'text'),
  2: one('boolValue', 'bool'),
  3: one('intValue', 'int64'),
  4: one('doubleValue', 'double'),
  5: one('arrayValue', () => arrayValue),
  6: one('kvlistValue', () => keyValueList),
  7: one('bytesValue', 'base64'),
}
const keyValue: Schema = { 1: one('key', 'text'), 2: one('value', () => anyValue) }
const arrayValue: Schema = { 1: many('values', () => anyValue) }
const keyValueList: Schema = { 1: many('values', () => keyValue) }

const resource: Schema = { 1: many('attributes', () => keyValue) }
const scope: Schema = { 1: one('name', 'text'), 2: one('version', 'text'), 3: many('attributes', () => keyValue) }
const status: Schema = { 2: one('message', 'text'), 3: one('code', 'enum') }
const spanEvent: Schema = {
  1: one('timeUnixNano', 'fixed64'),
  2: one('name', 'text'),
  3: many('attributes', () => keyValue),
}
const link: Schema = { 1: one('traceId', 'hex'), 2: one('spanId', 'hex'), 4: many('attributes', () => keyValue) }
const span: Schema = {
  1: one('traceId', 'hex'),
  2: one('spanId', 'hex'),
  4: one('parentSpanId', 'hex'),
  5: one('name', 'text'),
  6: one('kind', 'enum'),
  7: one('startTimeUnixNano', 'fixed64'),
  8: one('endTimeUnixNano', 'fixed64'),
  9: many('attributes', () => keyValue),
  11: many('events', () => spanEvent),
  13: many('links', () => link),
  15: one('status', () => status),
}
const scopeSpans: Schema = { 1: one('scope', () => scope), 2: many('spans', () => span) }
const resourceSpans: Schema = { 1: one('resource', () => resource), 2: many('scopeSpans', () => scopeSpans) }

export const exportTraceServiceRequest: Schema = { 1: many('resourceSpans', () => resourceSpans) }
