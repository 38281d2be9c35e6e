import type { DuckDBValue } from '@duckdb/node-api'

/** A result as text: what stands before its rows, some rows at a time, and what stands behind them. */
export type Shape = {
  begin(): string
  rows(rows: readonly (readonly DuckDBValue[])[]): string
  end(): string
}
