/**
 * The tables of capture. Times are milliseconds since the epoch, ids of sessions and windows the 16 bytes of their UUIDs. A version that was released is
 * never changed: what comes later is a further entry of `migrations`.
 */

import { screenshotTable } from '../screenshots/table.ts'

/** "CHPC", in the header of the file: what is not capture's is never touched. */
export const applicationId = 0x43485043

const version1 = `
-- Events, as they were stored: those of one session and one window that one transaction brought (block.ts draws the payload).
CREATE TABLE event_blocks (
  block_id     INTEGER PRIMARY KEY AUTOINCREMENT,
  session_id   BLOB    NOT NULL,
  window_start INTEGER NOT NULL,
  first_ms     INTEGER NOT NULL,
  last_ms      INTEGER NOT NULL,
  events       INTEGER NOT NULL,
  payload      BLOB    NOT NULL
) STRICT;
CREATE INDEX event_blocks_of_window ON event_blocks (session_id, window_start, first_ms, block_id);

-- Windows that hold events, and how far their batches have got.
CREATE TABLE windows (
  session_id   BLOB    NOT NULL,
  window_start INTEGER NOT NULL,
  window_end   INTEGER NOT NULL,
  state        INTEGER NOT NULL,           -- 0 open, 1 closed, 2 built, 3 delivered
  events       INTEGER NOT NULL,
  late_events  INTEGER NOT NULL,
  closed_ms    INTEGER,
  parts        INTEGER,                    -- batches that it is sent in, once built
  summary      TEXT,                       -- counts and aggregates as JSON, once built
  parts_delivered INTEGER NOT NULL DEFAULT 0,
  attempts     INTEGER NOT NULL DEFAULT 0, -- deliveries of the next part that failed
  retry_ms     INTEGER NOT NULL DEFAULT 0, -- the next one is not tried before
  PRIMARY KEY (session_id, window_start)
) STRICT, WITHOUT ROWID;
CREATE INDEX windows_by_state ON windows (state, window_end);
CREATE INDEX windows_by_end ON windows (window_end);

-- What happened in each minute, hour and day of UTC, by the time of the events.
CREATE TABLE aggregates (
  span          TEXT    NOT NULL,          -- minute, hour, day
  start_ms      INTEGER NOT NULL,
  session_id    BLOB    NOT NULL,
  events        INTEGER NOT NULL,
  keys          INTEGER NOT NULL,
  clicks        INTEGER NOT NULL,
  focus_changes INTEGER NOT NULL,
  distance_px   REAL    NOT NULL,
  counts        TEXT    NOT NULL,          -- events by type, as JSON
  PRIMARY KEY (span, start_ms, session_id)
) STRICT, WITHOUT ROWID;

-- Up to where a source was stored: partitions of a topic, and the spill.
CREATE TABLE positions (
  source    TEXT    NOT NULL,
  partition INTEGER NOT NULL,
  position  INTEGER NOT NULL,
  PRIMARY KEY (source, partition)
) STRICT, WITHOUT ROWID;

-- Single numbers that outlive the process.
CREATE TABLE meta (
  name  TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
`

/** What brings an empty file to version 1, that to version 2, … */
export const migrations: readonly string[] = [version1 + screenshotTable]

export const schemaVersion = migrations.length
